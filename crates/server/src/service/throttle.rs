//! How often somebody may guess, register or look up: windows of a minute, bounded in memory, on this
//! node.
//!
//! A guess is paid for before it is computed and given back when it was right, so that many guesses at
//! once do not slip through. Whoever hammers a name from elsewhere cannot lock its owner out: from an
//! address at which the user was authenticated of late, only the limit by name *and* address holds.
//! Budgets of sends are not here but in `budget`.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use chinwag_proto::{Limits, UserId};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::Failure;

const WINDOW: Duration = Duration::from_secs(60);
/// Windows of one kind at once. A failure costs a computation of about 20 ms, so that a minute holds
/// some thousand on each core: the limit is reached by look-ups and registrations at most.
const WINDOWS_MAX: usize = 100_000;
/// Pairs of user and address remembered as well known: 100,000 of about 50 bytes.
const KNOWN_MAX: usize = 100_000;
/// How long an address stays well known after its user was last authenticated there.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where a request comes from, as far as limits tell addresses apart: an IPv4 address, or the /64 of an
/// IPv6 address, which is what one subscriber commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressKey(u64, bool);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits()), false),
            IpAddr::V6(address) => Self((address.to_bits() >> 64) as u64, true),
        }
    }
}

struct Window {
    since: Instant,
    count: u32,
}

/// Counts per key, each in a window that begins with its first count and ends a minute later.
struct Windows<K> {
    max: u32,
    open: Mutex<HashMap<K, Window>>,
    capacity: usize,
}

impl<K: Eq + Hash> Windows<K> {
    fn new(max: u32) -> Self {
        Self { max: max.max(1), open: Mutex::new(HashMap::new()), capacity: WINDOWS_MAX }
    }

    /// Counts one, or says in how many milliseconds the window ends. `free`: counts beyond the limit too.
    fn take(&self, key: K, free: bool) -> Result<(), u64> {
        let now = Instant::now();
        let mut open = self.open.lock();
        if open.len() >= self.capacity && !open.contains_key(&key) {
            make_room(&mut open, self.capacity, now);
        }
        let window = open.entry(key).or_insert(Window { since: now, count: 0 });
        let age = now.duration_since(window.since);
        if age >= WINDOW {
            *window = Window { since: now, count: 0 };
        } else if window.count >= self.max && !free {
            let left = WINDOW - age;
            return Err(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        window.count = window.count.saturating_add(1);
        Ok(())
    }

    /// The same as a failure.
    fn pass(&self, key: K) -> Result<(), Failure> {
        self.take(key, false).map_err(|retry_after_ms| Failure::RateLimited { retry_after_ms })
    }

    fn give_back(&self, key: &K) {
        let mut open = self.open.lock();
        if let Some(window) = open.get_mut(key) {
            window.count = window.count.saturating_sub(1);
            if window.count == 0 {
                open.remove(key);
            }
        }
    }
}

/// Drops windows that have ended, and if that is not a quarter of them, all: a flood from as many
/// keys would otherwise make every request search the whole table.
fn make_room<K: Eq + Hash>(open: &mut HashMap<K, Window>, capacity: usize, now: Instant) {
    open.retain(|_, window| now.duration_since(window.since) < WINDOW);
    if open.len() > capacity / 4 * 3 {
        open.clear();
    }
}

/// How often a user may do something that concerns another: all in all, and to each.
pub struct PairThrottle {
    by_user: Windows<UserId>,
    by_pair: Windows<(UserId, UserId)>,
}

impl PairThrottle {
    /// So often a minute.
    pub fn new(by_user: u32, by_pair: u32) -> Self {
        Self { by_user: Windows::new(by_user), by_pair: Windows::new(by_pair) }
    }

    /// Counts one.
    pub fn take(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        self.by_user.pass(user)?;
        self.by_pair.pass((user, other)).inspect_err(|_| self.by_user.give_back(&user))
    }
}

/// The name that a guess is made at: what was typed, so that the limits tell nobody whether it exists
/// or which address belongs to which name.
pub type NameKey = Box<str>;

/// How often somebody may guess, register or look up.
pub struct Throttle {
    by_name_and_address: Windows<(NameKey, AddressKey)>,
    by_name: Windows<NameKey>,
    by_address: Windows<AddressKey>,
    registrations: Windows<AddressKey>,
    lookups: Windows<UserId>,
    known: Cache<(UserId, AddressKey), Instant>,
}

/// A guess that was paid for. Dropped, it counts as a failure.
#[must_use]
pub struct Guess<'a> {
    throttle: &'a Throttle,
    name: NameKey,
    address: AddressKey,
}

impl Guess<'_> {
    /// It was right, or was never computed: gives it back.
    pub fn give_back(self) {
        let Self { throttle, name, address } = self;
        throttle.by_address.give_back(&address);
        throttle.by_name.give_back(&name);
        throttle.by_name_and_address.give_back(&(name, address));
    }
}

impl Throttle {
    /// With the limits in force.
    pub fn new(limits: &Limits) -> Self {
        Self {
            by_name_and_address: Windows::new(limits.login_failures_per_name_and_address),
            by_name: Windows::new(limits.login_failures_per_name),
            by_address: Windows::new(limits.login_failures_per_address),
            registrations: Windows::new(limits.registrations_per_address),
            lookups: Windows::new(limits.lookups_per_minute),
            known: Cache::new(KNOWN_MAX),
        }
    }

    /// Takes a guess at a name's password from an address. `user` is whose name it is, if anybody's.
    pub fn guess(&self, name: NameKey, address: IpAddr, user: Option<UserId>) -> Result<Guess<'_>, Failure> {
        let address = AddressKey::from(address);
        let known = user.is_some_and(|user| self.knows(user, address));
        let limited = |retry_after_ms| Failure::RateLimited { retry_after_ms };
        self.by_name_and_address.take((name.clone(), address), false).map_err(limited)?;
        if let Err(retry_after_ms) = self.by_address.take(address, known) {
            self.by_name_and_address.give_back(&(name, address));
            return Err(limited(retry_after_ms));
        }
        if let Err(retry_after_ms) = self.by_name.take(name.clone(), known) {
            self.by_address.give_back(&address);
            self.by_name_and_address.give_back(&(name, address));
            return Err(limited(retry_after_ms));
        }
        Ok(Guess { throttle: self, name, address })
    }

    /// Counts a registration from an address.
    pub fn register(&self, address: IpAddr) -> Result<(), Failure> {
        self.registrations.pass(AddressKey::from(address))
    }

    /// Counts a look-up by a user.
    pub fn look_up(&self, user: UserId) -> Result<(), Failure> {
        self.lookups.pass(user)
    }

    /// Notes that a user was authenticated at an address.
    pub fn authenticated(&self, user: UserId, address: IpAddr) {
        self.known.insert((user, AddressKey::from(address)), Instant::now());
    }

    fn knows(&self, user: UserId, address: AddressKey) -> bool {
        self.known.get(&(user, address)).is_some_and(|since| since.elapsed() < KNOWN_FOR)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn throttle() -> Throttle {
        Throttle::new(&Limits::default())
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::from(std::net::Ipv4Addr::from_bits(number))
    }

    fn fails(throttle: &Throttle, name: &str, from: IpAddr) -> Result<(), Failure> {
        throttle.guess(name.into(), from, UserId::new(1)).map(drop)
    }

    #[tokio::test(start_paused = true)]
    async fn ten_failures_by_name_and_address_then_a_minutes_rest() {
        let throttle = throttle();
        for _ in 0..10 {
            fails(&throttle, "bob", address(1)).unwrap();
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(fails(&throttle, "bob", address(1)), Err(Failure::RateLimited { retry_after_ms: 40_000 }));
        assert_eq!(fails(&throttle, "eve", address(1)), Ok(()));
        assert_eq!(fails(&throttle, "bob", address(2)), Ok(()));
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(fails(&throttle, "bob", address(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_guess_costs_nothing() {
        let throttle = throttle();
        for _ in 0..1_000 {
            throttle.guess("bob".into(), address(1), None).unwrap().give_back();
        }
        assert!(throttle.by_name.open.lock().is_empty() && throttle.by_address.open.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_at_once_are_counted_before_they_are_computed() {
        let throttle = throttle();
        let running: Vec<_> =
            (0..10).map(|_| throttle.guess("bob".into(), address(1), None).unwrap()).collect();
        assert!(throttle.guess("bob".into(), address(1), None).is_err());
        running.into_iter().for_each(Guess::give_back);
        assert!(throttle.guess("bob".into(), address(1), None).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_failures_by_address_whatever_the_names() {
        let throttle = throttle();
        for number in 0..100 {
            fails(&throttle, &format!("name{number}"), address(1)).unwrap();
        }
        assert!(fails(&throttle, "another", address(1)).is_err());
        assert_eq!(fails(&throttle, "another", address(2)), Ok(()), "a refused guess counts nowhere");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_hammers_a_name_from_elsewhere_does_not_lock_its_owner_out() {
        let throttle = throttle();
        let (owner, home) = (UserId::new(1).unwrap(), address(7));
        throttle.authenticated(owner, home);
        for number in 0..100 {
            fails(&throttle, "bob", address(1_000 + number / 10)).unwrap();
        }
        assert!(fails(&throttle, "bob", address(2_000)).is_err(), "the name's own limit");
        throttle.guess("bob".into(), home, Some(owner)).expect("the owner's own address").give_back();
        for _ in 0..10 {
            fails(&throttle, "bob", home).unwrap();
        }
        assert!(fails(&throttle, "bob", home).is_err(), "yet there too a name has its ten");
    }

    #[tokio::test(start_paused = true)]
    async fn an_ipv6_subscriber_is_one_address() {
        let throttle = throttle();
        for number in 0..10 {
            fails(&throttle, "bob", format!("2001:db8:1:2::{number}").parse().unwrap()).unwrap();
        }
        assert!(fails(&throttle, "bob", "2001:db8:1:2:ffff::1".parse().unwrap()).is_err());
        assert!(fails(&throttle, "bob", "2001:db8:1:3::1".parse().unwrap()).is_ok());
        assert_eq!(
            AddressKey::from(address(5)),
            AddressKey::from("::ffff:0.0.0.5".parse::<IpAddr>().unwrap())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn registrations_and_look_ups_have_their_own_limits() {
        let throttle = throttle();
        assert!((0..100).all(|_| throttle.register(address(1)).is_ok()));
        assert!(throttle.register(address(1)).is_err() && throttle.register(address(2)).is_ok());
        let (one, other) = (UserId::new(1).unwrap(), UserId::new(2).unwrap());
        assert!((0..120).all(|_| throttle.look_up(one).is_ok()));
        assert!(throttle.look_up(one).is_err() && throttle.look_up(other).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_concerns_another_has_a_limit_for_each_and_one_for_all() {
        let (throttle, user) = (PairThrottle::new(5, 2), |number| UserId::new(number).unwrap());
        let take = |other| throttle.take(user(1), user(other)).is_ok();
        assert_eq!([take(2), take(2), take(2), take(2)], [true, true, false, false]);
        assert_eq!([take(3), take(3), take(4), take(5)], [true, true, true, false], "refusals do not count");
        assert!(throttle.take(user(2), user(1)).is_ok());
        tokio::time::advance(WINDOW).await;
        assert!(take(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_names_takes_bounded_memory() {
        let windows = Windows { capacity: 100, ..Windows::new(1) };
        for number in 0..10_000 {
            let _ = windows.take(number, false);
            assert!(windows.open.lock().len() <= 100);
        }
    }
}
