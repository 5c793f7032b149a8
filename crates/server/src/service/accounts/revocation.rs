//! What follows the end of tokens: this node forgets them at once, every node closes their sockets.

use std::sync::Arc;

use chinwag_ports::{Channel, Event, LiveBus};
use chinwag_proto::{DeviceId, UserId};

use super::super::Services;

/// Tells the nodes that tokens have died.
pub struct Revocation {
    services: Arc<Services>,
    live_bus: Arc<dyn LiveBus>,
}

impl Revocation {
    pub(super) fn new(services: &Arc<Services>) -> Self {
        Self { services: Arc::clone(services), live_bus: Arc::clone(&services.ports.live_bus) }
    }

    /// The tokens of these devices of the user have just died in the directory.
    pub fn announce(&self, user: UserId, devices: Vec<DeviceId>) {
        if devices.is_empty() {
            return;
        }
        self.services.auth.forget_devices(&devices);
        self.live_bus.publish(Channel::User(user), Arc::new(Event::Revoked { devices }));
    }
}
