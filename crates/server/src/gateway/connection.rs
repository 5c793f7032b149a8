//! A connection's handle: what the hub, the sweep and the handlers know of it. The task that owns the
//! socket is the actor; everybody else only puts things into the inbox, or asks for the end, and wakes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};

use chinwag_ports::directory::TokenHash;
use chinwag_ports::presence::{Claim, Session};
use chinwag_proto::error::Close;
use chinwag_proto::{DeviceId, ServerFrame, UserId, Viewer};
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};

use super::inbox::{Caps, Inbox, Pushed};
use super::outgoing::{Encoding, LiveEntry};
use super::screen::Screen;

/// An authenticated connection.
pub(crate) struct Connection {
    /// Unique over nodes and their lives, so that an origin that comes back by the bus finds the right one.
    pub(crate) number: u64,
    /// The session that it is in presence.
    pub(crate) session: Session,
    /// How its frames are encoded.
    pub(crate) encoding: Encoding,
    token: TokenHash,
    /// 0 until it has one.
    claim: AtomicU64,
    /// The device's newest claim that was heard of.
    newest_claim: AtomicU64,
    /// When the client was last heard, on the gateway's own time.
    heard_ms: AtomicU64,
    /// Since when the client's side takes nothing although something waits; 0: it takes.
    stalled_ms: AtomicU64,
    /// When claim and token are to be looked at again.
    check_ms: AtomicU64,
    /// The close code it ends with; 0: it goes on.
    ending: AtomicU16,
    /// Whether it ends once it has answered what was asked.
    draining: AtomicBool,
    /// Whether it waits for the next beat of the pulse.
    pulses: AtomicBool,
    waker: AtomicWaker,
    inbox: Mutex<Inbox>,
}

impl Connection {
    /// A handle for a device whose token was just looked up.
    pub(crate) fn new(number: u64, session: Session, encoding: Encoding, token: TokenHash) -> Self {
        Self {
            number,
            session,
            encoding,
            token,
            claim: AtomicU64::new(0),
            newest_claim: AtomicU64::new(0),
            heard_ms: AtomicU64::new(0),
            stalled_ms: AtomicU64::new(0),
            check_ms: AtomicU64::new(0),
            ending: AtomicU16::new(0),
            draining: AtomicBool::new(false),
            pulses: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            inbox: Mutex::default(),
        }
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> UserId {
        self.session.user
    }

    /// On which device.
    pub(crate) fn device(&self) -> DeviceId {
        self.session.device
    }

    /// The hash of its token.
    pub(crate) fn token(&self) -> TokenHash {
        self.token
    }

    /// What waits for it. Never held across an await.
    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock()
    }

    /// What is on its screen, made where it says so for the first time.
    pub(crate) fn with_screen<R>(&self, change: impl FnOnce(&mut Screen) -> R) -> R {
        change(self.inbox.lock().screen.get_or_insert_default())
    }

    /// Wakes the actor when something has happened to the connection.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// The actor's side of `wake`.
    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// Delivers a live entry.
    pub(crate) fn deliver(&self, live: &Arc<LiveEntry>, summary: bool, caps: Caps) -> Pushed {
        let viewer = if self.user() == live.entry().sender_id { Viewer::Sender } else { Viewer::Other };
        let pushed = self.inbox.lock().push_entry(live, viewer, summary, caps);
        // A dropped one may be the first sign of something to tell.
        if pushed != Pushed::PassedOver {
            self.wake();
        }
        pushed
    }

    /// Answers a send in the place of its entry; `false`: it has been answered.
    pub(crate) fn acknowledge(&self, ticket: u64, live: &Arc<LiveEntry>, summary: bool) -> bool {
        let acknowledged = self.inbox.lock().acknowledge(ticket, live, summary);
        if acknowledged {
            self.wake();
        }
        acknowledged
    }

    /// Delivers a frame that may be dropped.
    pub(crate) fn tell(&self, frame: ServerFrame, caps: Caps) -> Pushed {
        let pushed = self.inbox.lock().push_frame(frame, caps);
        self.wake();
        pushed
    }

    /// Ends it with a close code; the first one counts.
    pub(crate) fn end(&self, close: Close) {
        if self.ending.compare_exchange(0, close.code(), Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.wake();
        }
    }

    /// The close code that it is to end with.
    pub(crate) fn ending(&self) -> Option<Close> {
        let code = self.ending.load(Ordering::SeqCst);
        [Close::GoingAway, Close::TooSlow, Close::DeviceRevoked, Close::Replaced, Close::Unauthenticated]
            .into_iter()
            .find(|close| close.code() == code)
    }

    /// Says goodbye: it ends once it has answered what was asked.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whether it has been told to say goodbye.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// It has something to be told at the next beat; `false`: it waits for that already.
    pub(crate) fn begins_to_pulse(&self) -> bool {
        !self.pulses.swap(true, Ordering::SeqCst)
    }

    /// It was told; what changes from now on is for another beat.
    pub(crate) fn has_pulsed(&self) {
        self.pulses.store(false, Ordering::SeqCst);
    }

    /// The device has a claim: if it is higher than this connection's, the connection has been replaced.
    pub(crate) fn hears_claim(&self, newest: u64) {
        self.newest_claim.fetch_max(newest, Ordering::SeqCst);
        self.compare_claims();
    }

    /// The claim of this connection itself.
    pub(crate) fn has_claimed(&self, claim: Claim) {
        self.claim.store(claim.0, Ordering::SeqCst);
        self.compare_claims();
    }

    /// Its claim; `None` until it has one.
    pub(crate) fn claim(&self) -> Option<Claim> {
        Some(self.claim.load(Ordering::SeqCst)).filter(|&claim| claim != 0).map(Claim)
    }

    /// Newest wins. Each side stores before it loads, so that one of two at the same moment sees the other.
    fn compare_claims(&self) {
        let claim = self.claim.load(Ordering::SeqCst);
        if claim != 0 && claim < self.newest_claim.load(Ordering::SeqCst) {
            self.end(Close::Replaced);
        }
    }

    /// The client was heard.
    pub(crate) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When the client was last heard.
    pub(crate) fn heard_ms(&self) -> u64 {
        self.heard_ms.load(Ordering::Relaxed)
    }

    /// Whether the client's side takes what is written to it; `now_ms` is never 0.
    pub(crate) fn takes(&self, takes: bool, now_ms: u64) {
        if takes {
            self.stalled_ms.store(0, Ordering::Relaxed);
        } else {
            let _ = self.stalled_ms.compare_exchange(0, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Since when the client's side takes nothing.
    pub(crate) fn stalled_ms(&self) -> Option<u64> {
        Some(self.stalled_ms.load(Ordering::Relaxed)).filter(|&since| since != 0)
    }

    /// Whether claim and token are to be looked at again; if so, the next time is `next_ms`.
    pub(crate) fn is_due(&self, now_ms: u64, next_ms: u64) -> bool {
        let due = self.check_ms.load(Ordering::Relaxed) <= now_ms;
        if due {
            self.check_ms.store(next_ms, Ordering::Relaxed);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn connection() -> Connection {
        let session =
            Session { user: "1".parse().unwrap(), device: "2".parse().unwrap(), node: 0, incarnation: 0 };
        Connection::new(1, session, Encoding::Json, TokenHash([0; 32]))
    }

    #[test]
    fn a_connection_hears_of_a_newer_claim_before_or_after_it_has_its_own() {
        for own_first in [true, false] {
            let connection = connection();
            if own_first {
                connection.has_claimed(Claim(1));
            }
            assert_eq!(connection.ending(), None);
            connection.hears_claim(2);
            if !own_first {
                assert_eq!(connection.ending(), None);
                connection.has_claimed(Claim(1));
            }
            assert_eq!(connection.ending(), Some(Close::Replaced));
        }
    }

    #[test]
    fn its_own_claim_does_not_end_it() {
        let connection = connection();
        connection.has_claimed(Claim(2));
        connection.hears_claim(2);
        connection.hears_claim(1);
        assert_eq!(connection.ending(), None);
    }

    #[test]
    fn the_first_end_counts() {
        let connection = connection();
        connection.end(Close::DeviceRevoked);
        connection.end(Close::GoingAway);
        assert_eq!(connection.ending(), Some(Close::DeviceRevoked));
    }
}
