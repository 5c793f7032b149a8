//! The live bus in memory: an event reaches its subscribers before `publish` returns.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::twins::Faults;
use crate::{Channel, Event, LiveBus, Subscriber};

#[derive(Default)]
struct Node {
    subscriber: Mutex<Option<Weak<dyn Subscriber>>>,
    channels: Mutex<BTreeSet<Channel>>,
}

#[derive(Default)]
struct Hub {
    nodes: Mutex<Vec<Arc<Node>>>,
    losses: Faults,
}

/// One node's end of a bus in memory. May lose events when told to.
pub struct MemoryBus {
    hub: Arc<Hub>,
    node: Arc<Node>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::on(Arc::new(Hub::default()))
    }
}

impl MemoryBus {
    /// A bus with one node.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another node on the same bus.
    #[must_use]
    pub fn another_node(&self) -> Self {
        Self::on(Arc::clone(&self.hub))
    }

    /// Loses the next events, or all from now on.
    pub fn losses(&self) -> &Faults {
        &self.hub.losses
    }

    /// Tells every node that events may have been lost.
    pub fn reset(&self) {
        for node in self.nodes() {
            if let Some(subscriber) = node.subscriber() {
                subscriber.on_reset();
            }
        }
    }

    fn on(hub: Arc<Hub>) -> Self {
        let node = Arc::new(Node::default());
        hub.nodes.lock().push(Arc::clone(&node));
        Self { hub, node }
    }

    /// A copy, so that a subscriber may publish and subscribe from within a call.
    fn nodes(&self) -> Vec<Arc<Node>> {
        self.hub.nodes.lock().clone()
    }
}

impl Node {
    fn subscriber(&self) -> Option<Arc<dyn Subscriber>> {
        self.subscriber.lock().as_ref()?.upgrade()
    }
}

impl LiveBus for MemoryBus {
    fn publish(&self, channel: Channel, event: Arc<Event>) {
        if self.hub.losses.check().is_err() {
            return;
        }
        for node in self.nodes() {
            let subscribed = node.channels.lock().contains(&channel);
            if let Some(subscriber) = node.subscriber().filter(|_| subscribed) {
                subscriber.on_event(channel, &event);
            }
        }
    }

    fn subscribe(&self, channel: Channel) {
        self.node.channels.lock().insert(channel);
    }

    fn unsubscribe(&self, channel: Channel) {
        self.node.channels.lock().remove(&channel);
    }

    fn attach(&self, subscriber: Weak<dyn Subscriber>) {
        self.node.subscriber.lock().get_or_insert(subscriber);
    }
}
