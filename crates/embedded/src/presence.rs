//! Presence of a deployment that is one node: memory alone, gone with the process, as its connections
//! are.
//!
//! A connected device costs about 56 bytes, a user about 60. Of users who are not connected the time
//! they were last seen is kept for as many as the limit says, the latest.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use chinwag_ports::{Claim, Presence, Session, Unavailable};
use chinwag_proto::frame::{PresenceStatus, Status};
use chinwag_proto::{DeviceId, Timestamp, UserId};
use parking_lot::{Mutex, RwLock};

/// Parts of the table, so that connections do not wait for each other. A power of two.
const SHARDS: usize = 64;

/// How long a session lasts, and how much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceLimits {
    /// A session that nobody refreshes ends after so many milliseconds. Longer than a heartbeat, else
    /// those who live are lost.
    pub session_ms: i64,
    /// Users who are not connected and whose last-seen time is remembered: 1,000,000 are 60 MB.
    pub remembered_users: usize,
}

impl Default for PresenceLimits {
    fn default() -> Self {
        // Four heartbeats of 30 s.
        Self { session_ms: 120_000, remembered_users: 1_000_000 }
    }
}

struct Held {
    device: DeviceId,
    claim: Claim,
    node: u16,
    incarnation: u64,
    active: bool,
    /// `false` once released; the claim stands a while, so that an older one stays replaced.
    connected: bool,
    refreshed: Timestamp,
}

#[derive(Default)]
struct Known {
    devices: Vec<Held>,
    last_seen: Timestamp,
}

#[derive(Default)]
struct Shard {
    users: HashMap<UserId, Known>,
    /// The table is swept when it has grown to this.
    sweep_at: usize,
}

/// Which device is connected where, in the memory of one process.
pub struct LocalPresence {
    limits: PresenceLimits,
    shards: [Mutex<Shard>; SHARDS],
    last_claim: AtomicU64,
    /// The time of the last call that told one: what sessions are held against.
    now: AtomicI64,
    /// The highest incarnation heard of each node; at most 1,024.
    incarnations: RwLock<BTreeMap<u16, u64>>,
}

impl LocalPresence {
    /// Nobody is connected.
    pub fn new(limits: PresenceLimits) -> Self {
        Self {
            limits,
            shards: std::array::from_fn(|_| Mutex::default()),
            last_claim: AtomicU64::new(0),
            now: AtomicI64::new(i64::MIN),
            incarnations: RwLock::default(),
        }
    }

    fn shard(&self, user: UserId) -> &Mutex<Shard> {
        let spread = user.get().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SHARDS.ilog2());
        &self.shards[spread as usize % SHARDS]
    }

    fn hear(&self, session: &Session, now: Timestamp) {
        self.now.store(now.as_ms(), Ordering::Relaxed);
        let known = self.incarnations.read().get(&session.node).copied();
        if known.is_none_or(|known| known < session.incarnation) {
            let mut incarnations = self.incarnations.write();
            let stands = incarnations.entry(session.node).or_default();
            *stands = session.incarnation.max(*stands);
        }
    }

    /// Whether a session is valid: connected, refreshed lately, and of its node's present life.
    fn lives(&self, held: &Held) -> bool {
        held.connected
            && !self.is_old(held.refreshed)
            && self.incarnations.read().get(&held.node).is_none_or(|&now| held.incarnation >= now)
    }

    fn is_old(&self, at: Timestamp) -> bool {
        let now = self.now.load(Ordering::Relaxed);
        now.saturating_sub(at.as_ms()) > self.limits.session_ms
    }

    fn status_of(&self, user: UserId) -> PresenceStatus {
        let shard = self.shard(user).lock();
        let known = shard.users.get(&user);
        let live = || known.iter().flat_map(|known| &known.devices).filter(|held| self.lives(held));
        let status = if live().any(|held| held.active) {
            Status::Online
        } else if live().next().is_some() {
            Status::Away
        } else {
            Status::Offline
        };
        let last_seen = known.map(|known| known.last_seen).filter(|_| status == Status::Offline);
        PresenceStatus { user_id: user, status, last_seen }
    }

    /// Runs on the device's entry, if the claim is its newest.
    fn with_newest<T>(
        &self,
        session: &Session,
        claim: Claim,
        then: impl FnOnce(&mut Known, usize) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(session.user).lock();
        let known = shard.users.get_mut(&session.user)?;
        let place =
            known.devices.iter().position(|held| held.device == session.device && held.claim == claim)?;
        Some(then(known, place))
    }

    /// Makes room: lets go of claims that nobody can hold any more and of the users seen longest ago.
    fn sweep(&self, shard: &mut Shard) {
        let most = (self.limits.remembered_users / SHARDS).max(1);
        if shard.users.len() < shard.sweep_at.max(most) {
            return;
        }
        for known in shard.users.values_mut() {
            known.devices.retain(|held| !self.is_old(held.refreshed));
        }
        let gone = shard.users.values().filter(|known| known.devices.is_empty());
        let mut seen: Vec<_> = gone.map(|known| known.last_seen).collect();
        if seen.len() > most / 2 {
            // The older part goes, so that the next sweep is far.
            let place = seen.len() - most / 2;
            let (_, &mut oldest, _) = seen.select_nth_unstable(place);
            shard.users.retain(|_, known| !known.devices.is_empty() || known.last_seen >= oldest);
        }
        shard.sweep_at = most.max(shard.users.len() * 2);
    }
}

impl Default for LocalPresence {
    fn default() -> Self {
        Self::new(PresenceLimits::default())
    }
}

impl Held {
    fn new(session: &Session, claim: Claim, now: Timestamp) -> Self {
        Self {
            device: session.device,
            claim,
            node: session.node,
            incarnation: session.incarnation,
            active: true,
            connected: true,
            refreshed: now,
        }
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn claim(&self, session: Session, now: Timestamp) -> Result<Claim, Unavailable> {
        self.hear(&session, now);
        let mut shard = self.shard(session.user).lock();
        self.sweep(&mut shard);
        // Drawn under the lock, so that of two at once the higher one is entered last.
        let claim = Claim(self.last_claim.fetch_add(1, Ordering::Relaxed) + 1);
        let known = shard.users.entry(session.user).or_default();
        known.last_seen = known.last_seen.max(now);
        known.devices.retain(|held| held.device != session.device && !self.is_old(held.refreshed));
        known.devices.push(Held::new(&session, claim, now));
        Ok(claim)
    }

    async fn refresh(&self, session: Session, claim: Claim, now: Timestamp) -> Result<bool, Unavailable> {
        self.hear(&session, now);
        let mut shard = self.shard(session.user).lock();
        let known = shard.users.entry(session.user).or_default();
        known.last_seen = known.last_seen.max(now);
        match known.devices.iter_mut().find(|held| held.device == session.device) {
            Some(held) if held.claim > claim => Ok(false),
            Some(held) if held.claim == claim => {
                held.refreshed = now;
                Ok(true)
            }
            // Swept away while its connection lived, as after a jump of the clock.
            _ => {
                known.devices.retain(|held| held.device != session.device);
                known.devices.push(Held::new(&session, claim, now));
                Ok(true)
            }
        }
    }

    async fn set_active(&self, session: Session, claim: Claim, active: bool) -> Result<(), Unavailable> {
        self.with_newest(&session, claim, |known, place| known.devices[place].active = active);
        Ok(())
    }

    async fn release(&self, session: Session, claim: Claim, now: Timestamp) -> Result<(), Unavailable> {
        self.hear(&session, now);
        self.with_newest(&session, claim, |known, place| {
            known.last_seen = known.last_seen.max(now);
            known.devices[place].connected = false;
            known.devices[place].refreshed = now;
        });
        Ok(())
    }

    async fn status(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, Unavailable> {
        Ok(users.iter().map(|&user| self.status_of(user)).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LIMITS: PresenceLimits = PresenceLimits { session_ms: 1_000, remembered_users: 64 * 8 };

    fn user(number: u64) -> UserId {
        UserId::new(number).unwrap()
    }

    fn session(number: u64) -> Session {
        Session { user: user(number), device: DeviceId::new(number).unwrap(), node: 0, incarnation: 1 }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    async fn status(presence: &LocalPresence, number: u64) -> PresenceStatus {
        presence.status(&[user(number)]).await.unwrap().remove(0)
    }

    #[tokio::test]
    async fn a_session_that_nobody_refreshes_ends() {
        let presence = LocalPresence::new(LIMITS);
        presence.claim(session(1), at(0)).await.unwrap();
        let other = presence.claim(session(2), at(500)).await.unwrap();
        assert!(presence.refresh(session(2), other, at(1_000)).await.unwrap());
        assert_eq!(status(&presence, 1).await.status, Status::Online);
        assert!(presence.refresh(session(2), other, at(1_001)).await.unwrap());
        let ended = status(&presence, 1).await;
        assert_eq!((ended.status, ended.last_seen), (Status::Offline, Some(at(0))));
        assert_eq!(status(&presence, 2).await.status, Status::Online);
    }

    #[tokio::test]
    async fn a_jump_of_the_clock_ends_no_session_for_long() {
        let presence = LocalPresence::new(LIMITS);
        let claim = presence.claim(session(1), at(0)).await.unwrap();
        presence.claim(session(2), at(1_000_000)).await.unwrap();
        assert!(presence.refresh(session(1), claim, at(1_000_001)).await.unwrap());
        assert_eq!(status(&presence, 1).await.status, Status::Online);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_the_latest_seen_are_remembered() {
        let presence = LocalPresence::new(LIMITS);
        let lasting = presence.claim(session(1), at(0)).await.unwrap();
        for number in 2..20_000 {
            let now = at(i64::try_from(number).unwrap() * 2);
            let claim = presence.claim(session(number), now).await.unwrap();
            presence.release(session(number), claim, now).await.unwrap();
            assert!(presence.refresh(session(1), lasting, now).await.unwrap());
        }
        let held: usize = presence.shards.iter().map(|shard| shard.lock().users.len()).sum();
        assert!(held < 64 * 32, "{held} users in memory");
        assert_eq!(status(&presence, 1).await.status, Status::Online);
        assert_eq!(status(&presence, 19_999).await.last_seen, Some(at(39_998)));
        assert_eq!(status(&presence, 2).await.last_seen, None, "seen too long ago");
    }
}
