//! What this device wants to commit, in words that outlive a commit that did not win.

use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{DeviceId, Role, Seq, UserId};
use serde::{Deserialize, Serialize};

/// An intention. It is looked at again when another commit stood in the log first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Users to become members.
    pub add_users: Vec<UserId>,
    /// Users to be members no more.
    pub remove_users: Vec<UserId>,
    /// Roles to be given.
    pub roles: Vec<(UserId, Role)>,
    /// Who may add members from now on.
    pub who_may_add: Option<WhoMayAdd>,
    /// From where who joins may read: a seq, or his own joining.
    pub history_from: Option<Option<Seq>>,
    /// Devices whose leaves go, though nothing else makes them go.
    pub remove_devices: Vec<DeviceId>,
    /// Devices that are removed and added again: their owners have lost the group.
    pub again: Vec<DeviceId>,
    /// In a chat without a group, or one that nobody can follow: a new one.
    pub found: bool,
    /// This device comes back from outside.
    pub rejoin: bool,
}

impl Wish {
    /// Whether it asks for nothing but what every commit does: an update of the committer's leaf, the
    /// removal of who has left, the device chains that are handed in.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}
