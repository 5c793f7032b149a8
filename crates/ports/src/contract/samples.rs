//! Values that the suites are written with.

use std::time::{Duration, Instant};

use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{ChatId, DeviceId, GroupId, Seq, Timestamp, UserId};

pub(super) fn user(number: u64) -> UserId {
    UserId::new(number).expect("a number from 1")
}

pub(super) fn users<const N: usize>(numbers: [u64; N]) -> [UserId; N] {
    numbers.map(user)
}

pub(super) fn device(number: u64) -> DeviceId {
    DeviceId::new(number).expect("a number from 1")
}

pub(super) fn direct(one: u64, other: u64) -> ChatId {
    ChatId::direct(user(one), user(other))
}

pub(super) fn group(number: u64) -> ChatId {
    ChatId::Group(GroupId::new(number).expect("a number from 1"))
}

pub(super) fn inbox(number: u64) -> ChatId {
    ChatId::Inbox(user(number))
}

pub(super) fn seq(number: u64) -> Seq {
    Seq::clamped(number)
}

/// So many milliseconds after a fixed moment in 2026.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_780_000_000_000 + ms)
}

pub(super) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(super) fn username(text: &str) -> Username {
    text.parse().expect("a user name")
}

pub(super) fn email(text: &str) -> Email {
    text.parse().expect("an address")
}

/// Sorted, where the trait leaves the order open.
pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items
}

/// Numbers that look random and are the same for the same seed (SplitMix64, Steele et al. 2014).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True once in so many.
    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// Waits for a condition that another thread or task brings about; panics after ten seconds.
pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "the deadline of a test is in real time")]
    let now = Instant::now;
    let deadline = now() + Duration::from_secs(10);
    std::future::poll_fn(|context| {
        if holds() {
            return std::task::Poll::Ready(());
        }
        assert!(now() < deadline, "waited ten seconds: {what}");
        std::thread::yield_now();
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
