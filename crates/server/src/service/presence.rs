//! Who is there, as others are told: the port's plain facts with rights and with the grace in which a user
//! who has just left still counts as there, so that a reconnect makes no noise.
//!
//! Stateless but for the announcements that wait for their grace: any node may answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::{Channel, Clock, Event, LiveBus, Presence, Unavailable};
use chinwag_proto::UserId;
use chinwag_proto::frame::{PresenceStatus, Status};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Ports;
use super::visibility::Visibility;

/// How long after his last connection has closed a user still counts as there.
pub const GRACE: Duration = Duration::from_secs(10);
/// Clocks may differ: an announcement is made so much after the grace, so that whoever looks then finds
/// it over.
const MARGIN: Duration = Duration::from_millis(100);
/// Announcements that may wait for their grace; beyond, the oldest is made early.
const LEAVING_MAX: usize = 100_000;

/// Who is there.
pub struct Presences {
    presence: Arc<dyn Presence>,
    live_bus: Arc<dyn LiveBus>,
    clock: Arc<dyn Clock>,
    visibility: Arc<Visibility>,
    grace: Duration,
    leaving: Mutex<VecDeque<(Instant, UserId)>>,
}

impl Presences {
    pub(super) fn new(ports: &Ports, visibility: Arc<Visibility>) -> Self {
        Self {
            presence: Arc::clone(&ports.presence),
            live_bus: Arc::clone(&ports.live_bus),
            clock: Arc::clone(&ports.clock),
            visibility,
            grace: GRACE,
            leaving: Mutex::default(),
        }
    }

    /// The same with another grace.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Where users stand, as `viewer` may see it: those whom he may not see are left out, each of the
    /// others stands there once.
    pub async fn status(&self, viewer: UserId, users: &[UserId]) -> Result<Vec<PresenceStatus>, Unavailable> {
        let shown = self.visibility.presence_shown(viewer, users).await?;
        self.of(&shown).await
    }

    /// Where users stand, in the order asked; rights are the caller's business.
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, Unavailable> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.presence.status(users).await?;
        let now = self.clock.now();
        let grace_ms = i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX);
        for status in &mut found {
            // A time that lies ahead is a clock that stepped back, not a user who has just left.
            let just_left = |since_ms| (0..grace_ms).contains(&since_ms);
            if status.status == Status::Offline
                && status.last_seen.is_some_and(|seen| just_left(now.ms_since(seen)))
            {
                status.status = Status::Online;
                status.last_seen = None;
            }
        }
        Ok(found)
    }

    /// Tells those who watch the user that he may stand elsewhere now.
    pub fn announce(&self, user: UserId) {
        self.live_bus.publish(Channel::Presence(user), Arc::new(Event::Presence { user }));
    }

    /// A connection of the user has closed: announced after the grace.
    pub fn left(&self, user: UserId) {
        let due = Instant::now() + self.grace + MARGIN;
        let early = {
            let mut leaving = self.leaving.lock();
            leaving.push_back((due, user));
            if leaving.len() > LEAVING_MAX { leaving.pop_front() } else { None }
        };
        if let Some((_, user)) = early {
            self.announce(user);
        }
    }

    /// Announces those whose grace is over; called at short intervals. Whoever is there again was never
    /// away: those who watch him look, and find what they were told.
    pub fn announce_due(&self) {
        let now = Instant::now();
        loop {
            let due = {
                let mut leaving = self.leaving.lock();
                if leaving.front().is_none_or(|(due, _)| *due > now) {
                    return;
                }
                leaving.pop_front()
            };
            if let Some((_, user)) = due {
                self.announce(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chinwag_ports::twins::{
        FakeClock, MemoryBackups, MemoryBlobs, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery,
        MemoryLedger, MemoryPresence, NoCommits,
    };
    use chinwag_ports::{Session, Subscriber};
    use chinwag_proto::Limits;

    use super::*;

    /// The users announced.
    #[derive(Default)]
    struct Heard(Mutex<Vec<UserId>>);

    impl Subscriber for Heard {
        fn on_event(&self, _: Channel, event: &Arc<Event>) {
            if let Event::Presence { user } = &**event {
                self.0.lock().push(*user);
            }
        }
    }

    struct Scene {
        presences: Presences,
        presence: Arc<MemoryPresence>,
        clock: Arc<FakeClock>,
        heard: Arc<Heard>,
    }

    impl Scene {
        fn set() -> Self {
            let directory = Arc::new(MemoryDirectory::new());
            let discovery = Arc::new(MemoryDiscovery::new());
            let (presence, clock) = (Arc::new(MemoryPresence::new()), Arc::new(FakeClock::default()));
            let (bus, heard) = (Arc::new(MemoryBus::new()), Arc::new(Heard::default()));
            bus.attach(Arc::downgrade(&heard) as std::sync::Weak<dyn Subscriber>);
            bus.subscribe(Channel::Presence(user()));
            let ports = Ports {
                ledger: Arc::new(MemoryLedger::new(Arc::new(NoCommits))),
                accounts: directory.clone(),
                profiles: directory.clone(),
                invites: directory.clone(),
                devices: directory.clone(),
                key_packages: directory.clone(),
                device_chains: directory.clone(),
                blob_book: directory.clone(),
                contacts: directory.clone(),
                memberships: directory.clone(),
                reservations: directory,
                cursors: Arc::new(MemoryCursors::new()),
                backups: Arc::new(MemoryBackups::new()),
                blobs: Arc::new(MemoryBlobs::new()),
                live_bus: bus,
                presence: presence.clone(),
                discovery: discovery.clone(),
                id_lease: discovery,
                clock: clock.clone(),
            };
            let visibility = Arc::new(Visibility::new(&ports, &Limits::default()));
            Self { presences: Presences::new(&ports, visibility), presence, clock, heard }
        }

        async fn comes_and_goes(&self) {
            let session = Session { user: user(), device: "1".parse().unwrap(), node: 0, incarnation: 0 };
            let claim = self.presence.claim(session, self.clock.now()).await.unwrap();
            self.presence.release(session, claim, self.clock.now()).await.unwrap();
            self.presences.left(user());
        }

        async fn passes(&self, time: Duration) {
            tokio::time::advance(time).await;
            self.clock.advance(i64::try_from(time.as_millis()).unwrap());
            self.presences.announce_due();
        }

        async fn status(&self) -> (Status, bool) {
            let found = self.presences.of(&[user()]).await.unwrap();
            (found[0].status, found[0].last_seen.is_some())
        }
    }

    fn user() -> UserId {
        "7".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_left_counts_as_there_for_the_grace_and_is_announced_after_it() {
        let scene = Scene::set();
        scene.comes_and_goes().await;
        scene.passes(Duration::from_millis(9_999)).await;
        assert_eq!((scene.status().await, scene.heard.0.lock().len()), ((Status::Online, false), 0));
        scene.passes(Duration::from_millis(1)).await;
        assert_eq!(scene.status().await, (Status::Offline, true));
        scene.passes(MARGIN).await;
        assert_eq!(*scene.heard.0.lock(), [user()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_steps_back_does_not_keep_anybody_there() {
        let scene = Scene::set();
        scene.comes_and_goes().await;
        scene.clock.advance(-60_000);
        assert_eq!(scene.status().await, (Status::Offline, true));
    }

    #[tokio::test(start_paused = true)]
    async fn announcements_that_wait_are_bounded() {
        let scene = Scene::set();
        for _ in 0..=LEAVING_MAX {
            scene.presences.left(user());
        }
        assert_eq!(scene.presences.leaving.lock().len(), LEAVING_MAX);
        assert_eq!(scene.heard.0.lock().len(), 1, "the oldest is made early");
    }
}
