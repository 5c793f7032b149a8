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
