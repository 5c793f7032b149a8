//! What a record that counts has changed, for the timeline.

use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{DeviceId, Role, Seq, UserId};

use super::facts::Facts;
use crate::identity::Certificate;

/// A line of the timeline; it cannot be dismissed where it names devices or members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The group began.
    Founded,
    /// The group took the place of one that nobody could follow.
    Reset,
    /// A user is a member now.
    MemberAdded(UserId),
    /// A user is a member no more; `left`: by an entry of the log that names himself as its sender, for which
    /// the server vouches.
    MemberRemoved {
        /// Who.
        user: UserId,
        /// Whether he left.
        left: bool,
    },
    /// A device of a member is in the group now.
    DeviceAdded(UserId, DeviceId),
    /// A device of somebody who stays a member is not any more.
    DeviceRemoved(UserId, DeviceId),
    /// A device came back.
    DeviceBack(UserId, DeviceId),
    /// A member has another role now.
    Role(UserId, Role),
    /// Others may add members now.
    WhoMayAdd(WhoMayAdd),
    /// From where who joins may read has changed.
    HistoryFrom(Option<Seq>),
}

/// The differences of two states.
pub(crate) fn between(
    old: &Facts,
    new: &Facts,
    was: &[Certificate],
    is: &[Certificate],
    left: impl Fn(UserId) -> bool,
) -> Vec<Event> {
    let mut events = Vec::new();
    for member in &new.members {
        match old.role(member.user) {
            None => events.push(Event::MemberAdded(member.user)),
            Some(role) if role != member.role => events.push(Event::Role(member.user, member.role)),
            Some(_) => {}
        }
    }
    for member in old.members.iter().filter(|member| new.member(member.user).is_none()) {
        events.push(Event::MemberRemoved { user: member.user, left: left(member.user) });
    }
    for device in is.iter().filter(|device| !was.contains(device)) {
        events.push(Event::DeviceAdded(device.user, device.device));
    }
    for device in was.iter().filter(|device| !is.contains(device)) {
        if new.member(device.user).is_some() {
            events.push(Event::DeviceRemoved(device.user, device.device));
        }
    }
    if old.who_may_add != new.who_may_add {
        events.push(Event::WhoMayAdd(new.who_may_add));
    }
    if old.history_from != new.history_from {
        events.push(Event::HistoryFrom(new.history_from));
    }
    events
}
