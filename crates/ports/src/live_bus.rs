//! The live bus: fan-out between nodes. Lossy by contract: whoever listens can tell a gap by seq.

use std::sync::{Arc, Weak};

use chinwag_proto::frame::CursorMark;
use chinwag_proto::{ChatId, DeviceId, UserId};

use crate::ledger::Commit;

/// Where an event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// All gateways that hold a connection of the user: his direct chats, his inbox, his devices,
    /// his memberships.
    User(UserId),
    /// All gateways that hold a connection of a member of the group.
    Group(ChatId),
    /// All gateways with a connection that watches the user's presence.
    Presence(UserId),
}

/// What is published.
#[derive(Clone, Debug)]
pub enum Event {
    /// A committed entry.
    Commit(Commit),
    /// Marks have moved. `of` is the user whose they are.
    Cursor {
        /// The chat.
        chat: ChatId,
        /// Whose marks, and where they are now.
        mark: CursorMark,
        /// Whether others may see them.
        shown: bool,
    },
    /// Somebody types, or has stopped.
    Typing {
        /// The chat.
        chat: ChatId,
        /// Who.
        user: UserId,
        /// Whether.
        on: bool,
    },
    /// A user's presence has, or may have, changed: look it up.
    Presence {
        /// Who.
        user: UserId,
    },
    /// A device has connected with a higher claim: connections with a lower one close (4409).
    Claimed {
        /// The device.
        device: DeviceId,
        /// Its claim now.
        claim: u64,
    },
    /// The tokens of these devices died: their connections close (4403).
    Revoked {
        /// The devices.
        devices: Vec<DeviceId>,
    },
    /// Blocks, privacy switches or contacts of a user changed: cached answers about him are stale.
    Changed {
        /// Who.
        user: UserId,
    },
}

/// Receives what is published on the channels that it subscribed. Called in the order of publishing
/// within a channel, by whoever publishes; must not block. The bus holds no lock of its own meanwhile, so that a
/// subscriber may subscribe and unsubscribe from within the call.
pub trait Subscriber: Send + Sync {
    /// An event on a channel.
    fn on_event(&self, channel: Channel, event: &Arc<Event>);

    /// Events may have been lost on every channel.
    fn on_reset(&self) {}
}

/// Fan-out between nodes. Events of one channel arrive in the order published, each at most once;
/// any may be lost. Nothing is stored: who subscribes later hears nothing of before.
pub trait LiveBus: Send + Sync {
    /// Publishes; never blocks, never fails.
    fn publish(&self, channel: Channel, event: Arc<Event>);

    /// Begins to hand a channel's events to this node's subscriber. Idempotent.
    fn subscribe(&self, channel: Channel);

    /// Ends it. Idempotent.
    fn unsubscribe(&self, channel: Channel);

    /// Sets the node's subscriber; once, before the first `subscribe`. The bus does not keep it alive: what
    /// subscribes holds the bus, and would otherwise hold itself.
    fn attach(&self, subscriber: Weak<dyn Subscriber>);
}
