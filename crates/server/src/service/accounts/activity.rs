//! When and where a device was last heard: keeps its token alive, and its user's address well known.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::directory::TokenOwner;
use chinwag_ports::{Clock, Devices};
use chinwag_proto::DeviceId;
use tokio::time::Instant;

use super::super::recall::Recall;
use super::super::throttle::Throttle;
use super::Shared;

/// Devices whose last note is remembered: 50,000 of about 50 bytes.
const REMEMBERED: usize = 50_000;
/// A device that speaks all the time is written down this often.
const NOTE_EVERY: Duration = Duration::from_secs(300);

/// When and where a device was last heard.
pub struct Activity {
    devices: Arc<dyn Devices>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Throttle>,
    token_ms: i64,
    noted: Recall<DeviceId, ()>,
}

impl Activity {
    pub(super) fn new(shared: &Shared) -> Self {
        let services = &shared.services;
        Self {
            devices: Arc::clone(&services.ports.devices),
            clock: Arc::clone(&services.ports.clock),
            throttle: Arc::clone(&shared.throttle),
            token_ms: token_ms(services.limits.token_days),
            noted: Recall::new(REMEMBERED, NOTE_EVERY),
        }
    }

    /// Notes that a device was authenticated at an address; tries to write that down at most every
    /// five minutes.
    pub async fn note(&self, owner: TokenOwner, address: IpAddr) {
        if self.noted.get(&owner.device).is_some() {
            return;
        }
        self.noted.put(owner.device, Instant::now(), ());
        self.throttle.authenticated(owner.user, address);
        let now = self.clock.now();
        let lives_until = now.plus_ms(self.token_ms).max(owner.expires_at);
        if let Err(why) = self.devices.seen(&[(owner.device, now, lives_until)]).await {
            tracing::debug!(reason = %why, "a device's last sign of life was not noted");
        }
    }
}

/// The life of a token that is not used, in milliseconds.
pub(super) fn token_ms(days: u32) -> i64 {
    i64::from(days) * 24 * 3_600_000
}
