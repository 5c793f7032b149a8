//! What REST and WebSocket share: authentication, sending, reading, marks, presence rights, fan-out.
//!
//! One small struct per capability, each holding only the ports it needs. Nothing here knows HTTP or
//! frames on the wire.

pub mod accounts;
pub mod auth;
pub mod blobs;
pub mod budget;
pub mod chains;
pub mod chat_list;
pub mod failure;
pub mod fanout;
pub mod ids;
pub mod keys;
pub mod marks;
pub mod notices;
pub mod passwords;
pub mod ports;
pub mod presence;
pub mod reading;
pub mod recall;
pub mod sending;
pub mod throttle;
pub mod visibility;

use std::sync::Arc;

use chinwag_proto::{DeviceId, Limits, UserId};

pub use failure::Failure;
pub use ports::Ports;

/// Who asks: a user on one of his devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// The shared capabilities of one node, wired once.
pub struct Services {
    /// The engines.
    pub ports: Ports,
    /// The limits in force.
    pub limits: Arc<Limits>,
    /// Makes ids.
    pub ids: Arc<ids::IdGenerator>,
    /// Whose a token is.
    pub auth: auth::Auth,
    /// How many sends a device may make.
    pub budget: budget::SendBudget,
    /// Records on their way into the ledger.
    pub sending: Arc<sending::Sending>,
    /// Entries and messages on their way out.
    pub reading: Arc<reading::Reading>,
    /// Key packages.
    pub keys: keys::Keys,
    /// Device chains and backups.
    pub chains: chains::Chains,
    /// Notices in inboxes.
    pub notices: notices::Notices,
    /// Blobs of chats.
    pub blobs: blobs::Blobs,
    /// Summaries of chats.
    pub chat_list: chat_list::ChatList,
    /// Read and delivered marks.
    pub marks: marks::Marks,
    /// Who may see whose presence, marks and typing.
    pub visibility: Arc<visibility::Visibility>,
    /// Who is there, as others are told.
    pub presences: presence::Presences,
}

impl Services {
    /// Wires the capabilities to the engines.
    pub fn new(ports: Ports, limits: Arc<Limits>, ids: Arc<ids::IdGenerator>) -> Self {
        let visibility = Arc::new(visibility::Visibility::new(&ports, &limits));
        let reading = Arc::new(reading::Reading::new(&ports, Arc::clone(&limits)));
        let sending =
            Arc::new(sending::Sending::new(&ports, &limits, Arc::clone(&ids), Arc::clone(&visibility)));
        let (sends, reads, sees) =
            (|| Arc::clone(&sending), || Arc::clone(&reading), || Arc::clone(&visibility));
        Self {
            auth: auth::Auth::new(&ports),
            budget: budget::SendBudget::new(&limits),
            keys: keys::Keys::new(&ports, Arc::clone(&limits), sees()),
            chains: chains::Chains::new(&ports, Arc::clone(&limits), sees()),
            notices: notices::Notices::new(&limits, reads(), sends(), sees()),
            blobs: blobs::Blobs::new(&ports, &limits, reads(), sends()),
            chat_list: chat_list::ChatList::new(&ports, Arc::clone(&limits), sees()),
            marks: marks::Marks::new(&ports, Arc::clone(&limits), sees()),
            presences: presence::Presences::new(&ports, sees()),
            sending,
            reading,
            visibility,
            ports,
            limits,
            ids,
        }
    }
}
