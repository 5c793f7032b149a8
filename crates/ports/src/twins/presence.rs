//! Presence in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::frame::{PresenceStatus, Status};
use chinwag_proto::{DeviceId, Timestamp, UserId};
use parking_lot::Mutex;

use crate::Unavailable;
use crate::presence::{Claim, Presence, Session};
use crate::twins::Faults;

#[derive(Clone, Copy)]
struct Held {
    claim: Claim,
    /// `None` once released.
    session: Option<Session>,
    active: bool,
}

#[derive(Default)]
struct Inner {
    last_claim: u64,
    devices: BTreeMap<DeviceId, Held>,
    incarnations: BTreeMap<u16, u64>,
    last_seen: BTreeMap<UserId, Timestamp>,
}

/// Which device is connected where, in memory. A session here lasts until it is released, replaced, or
/// its node comes with a higher incarnation.
#[derive(Default)]
pub struct MemoryPresence {
    inner: Mutex<Inner>,
    faults: Faults,
}

impl MemoryPresence {
    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The engine is lost and comes back empty.
    pub fn lose_everything(&self) {
        let mut inner = self.inner.lock();
        // Claims never start anew: a real engine takes them from the clock.
        *inner = Inner { last_claim: inner.last_claim, ..Inner::default() };
    }
}

impl Inner {
    fn heard(&mut self, session: &Session, now: Timestamp) {
        let incarnation = self.incarnations.entry(session.node).or_default();
        *incarnation = session.incarnation.max(*incarnation);
        let seen = self.last_seen.entry(session.user).or_insert(now);
        *seen = now.max(*seen);
    }

    fn lives(&self, session: &Session) -> bool {
        self.incarnations.get(&session.node).is_none_or(|&incarnation| session.incarnation >= incarnation)
    }

    /// The device's entry, if the claim is its newest.
    fn newest(&mut self, session: &Session, claim: Claim) -> Option<&mut Held> {
        self.devices.get_mut(&session.device).filter(|held| held.claim == claim)
    }

    fn status(&self, user: UserId) -> PresenceStatus {
        let sessions = self.devices.values().filter_map(|held| Some((held.session?, held.active)));
        let his: Vec<_> =
            sessions.filter(|(session, _)| session.user == user && self.lives(session)).collect();
        let status = match his.iter().any(|(_, active)| *active) {
            true => Status::Online,
            false if his.is_empty() => Status::Offline,
            false => Status::Away,
        };
        let last_seen = self.last_seen.get(&user).copied().filter(|_| his.is_empty());
        PresenceStatus { user_id: user, status, last_seen }
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn claim(&self, session: Session, now: Timestamp) -> Result<Claim, Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        inner.heard(&session, now);
        inner.last_claim += 1;
        let claim = Claim(inner.last_claim);
        inner.devices.insert(session.device, Held { claim, session: Some(session), active: true });
        Ok(claim)
    }

    async fn refresh(&self, session: Session, claim: Claim, now: Timestamp) -> Result<bool, Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        inner.devices.entry(session.device).or_insert(Held { claim, session: Some(session), active: true });
        if inner.newest(&session, claim).is_none() {
            return Ok(false);
        }
        inner.heard(&session, now);
        Ok(true)
    }

    async fn set_active(&self, session: Session, claim: Claim, active: bool) -> Result<(), Unavailable> {
        self.faults.check()?;
        if let Some(held) = self.inner.lock().newest(&session, claim) {
            held.active = active;
        }
        Ok(())
    }

    async fn release(&self, session: Session, claim: Claim, now: Timestamp) -> Result<(), Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        if let Some(held) = inner.newest(&session, claim) {
            held.session = None;
            inner.heard(&session, now);
        }
        Ok(())
    }

    async fn status(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, Unavailable> {
        self.faults.check()?;
        let inner = self.inner.lock();
        Ok(users.iter().map(|&user| inner.status(user)).collect())
    }
}
