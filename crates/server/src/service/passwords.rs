//! Passwords: Argon2id (RFC 9106) on threads of its own, so that no connection waits behind a hash.
//!
//! The queue is bounded; whoever finds it full is told to come back. An unknown user costs the same
//! computation as a wrong password. Who may guess how often is the throttle's business.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding};
use chinwag_ports::Unavailable;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Failure;
use super::accounts::Entropy;

/// Fewest bytes of a new password.
pub const BYTES_MIN: usize = 8;
/// Most bytes of a password; longer ones are refused unread, at log-in too.
pub const BYTES_MAX: usize = 1024;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What one computation costs; the defaults are OWASP's (2023) for Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB, at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1.
    pub passes: u32,
    /// Lanes, at least 1.
    pub lanes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl PasswordCost {
    fn params(self) -> Result<Params, Unavailable> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES))
            .map_err(|why| Unavailable(format!("the cost of passwords is not valid: {why}")))
    }
}

/// What came of holding a password against a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password. `rehashed` is its hash at today's cost, where the stored one has another.
    Right {
        /// To be stored instead.
        rehashed: Option<String>,
    },
    /// It is not, or there is no such user.
    Wrong,
}

enum Work {
    Hash {
        password: String,
        salt: [u8; SALT_BYTES],
        answer: oneshot::Sender<Result<String, Unavailable>>,
    },
    Verify {
        password: String,
        hash: Option<String>,
        salt: [u8; SALT_BYTES],
        answer: oneshot::Sender<Verdict>,
    },
}

/// Computes and verifies password hashes. Dropping it ends its threads after their current work.
pub struct Passwords {
    queue: Option<SyncSender<Work>>,
    threads: Vec<JoinHandle<()>>,
    entropy: Arc<dyn Entropy>,
    computed: Arc<AtomicU64>,
}

/// Why the password threads did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cost is out of range.
    #[error(transparent)]
    Cost(Unavailable),
    /// The system gave no thread.
    #[error("no thread for passwords: {0}")]
    Thread(#[from] io::Error),
}

impl Passwords {
    /// Starts `threads` threads (at least one) behind one queue of `queue` waiting computations.
    pub fn start(
        cost: PasswordCost,
        queue: usize,
        threads: usize,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let params = cost.params().map_err(StartError::Cost)?;
        let (sender, receiver) = sync_channel(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let computed = Arc::new(AtomicU64::new(0));
        let threads = (0..threads.max(1))
            .map(|number| {
                let hasher = Hasher::new(params.clone(), cost, Arc::clone(&computed));
                let receiver = Arc::clone(&receiver);
                Builder::new().name(format!("passwords-{number}")).spawn(move || work(&receiver, &hasher))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { queue: Some(sender), threads, entropy, computed })
    }

    /// The hash of a new password in PHC form, under a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String, Failure> {
        check_new(&password)?;
        let (answer, hashed) = oneshot::channel();
        self.submit(Work::Hash { password, salt: self.salt()?, answer })?;
        Ok(hashed.await.map_err(|_| stopped())??)
    }

    /// Holds a password against a hash; without one (no such user) it computes as long and says wrong.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<Verdict, Failure> {
        check_length(&password)?;
        let (answer, verdict) = oneshot::channel();
        self.submit(Work::Verify { password, hash, salt: self.salt()?, answer })?;
        Ok(verdict.await.map_err(|_| stopped())?)
    }

    /// How many computations were made, for metrics and for the test that unknown users cost one too.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn salt(&self) -> Result<[u8; SALT_BYTES], Unavailable> {
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt)?;
        Ok(salt)
    }

    fn submit(&self, work: Work) -> Result<(), Unavailable> {
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.try_send(work).map_err(|refused| match refused {
            TrySendError::Full(_) => Unavailable("too many passwords wait to be computed".to_owned()),
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

/// Whether a new password has the length that the contract asks for.
pub fn check_new(password: &str) -> Result<(), Failure> {
    check_length(password)?;
    if password.len() < BYTES_MIN {
        return Err(Failure::Invalid(format!(
            "a password has {BYTES_MIN} to {BYTES_MAX} bytes; choose a longer one"
        )));
    }
    Ok(())
}

fn check_length(password: &str) -> Result<(), Failure> {
    if password.len() > BYTES_MAX {
        return Err(Failure::Invalid(format!("a password has at most {BYTES_MAX} bytes")));
    }
    Ok(())
}

fn stopped() -> Unavailable {
    Unavailable("passwords are no longer computed: the server stops".to_owned())
}

impl Drop for Passwords {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on standard error; there is nothing left to end.
            let _ = thread.join();
        }
    }
}

fn work(receiver: &Mutex<Receiver<Work>>, hasher: &Hasher) {
    loop {
        let Ok(work) = receiver.lock().recv() else {
            return;
        };
        // Whoever has gone away meanwhile costs nothing more.
        match work {
            Work::Hash { password, salt, answer } if !answer.is_closed() => {
                let _ = answer.send(hasher.hash(&password, &salt));
            }
            Work::Verify { password, hash, salt, answer } if !answer.is_closed() => {
                let _ = answer.send(hasher.verify(&password, hash.as_deref(), &salt));
            }
            _ => {}
        }
    }
}

struct Hasher {
    argon2: Argon2<'static>,
    cost: PasswordCost,
    /// A hash that no password has, at today's cost.
    nobodys: String,
    computed: Arc<AtomicU64>,
}

impl Hasher {
    fn new(params: Params, cost: PasswordCost, computed: Arc<AtomicU64>) -> Self {
        let PasswordCost { memory_kib, passes, lanes } = cost;
        let salt = Base64Unpadded::encode_string(&[0; SALT_BYTES]);
        let hash = Base64Unpadded::encode_string(&[0; HASH_BYTES]);
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            cost,
            nobodys: format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}"),
            computed,
        }
    }

    fn hash(&self, password: &str, salt: &[u8]) -> Result<String, Unavailable> {
        self.computed.fetch_add(1, Ordering::Relaxed);
        self.argon2
            .hash_password_with_salt(password.as_bytes(), salt)
            .map(|hash| hash.to_string())
            .map_err(|why| Unavailable(format!("a password could not be hashed: {why}")))
    }

    fn verify(&self, password: &str, hash: Option<&str>, salt: &[u8]) -> Verdict {
        // A hash that cannot be read is nobody's: an account without a password cannot be logged in to.
        let stored = hash.and_then(|hash| PasswordHash::new(hash).ok());
        let Some(hash) =
            stored.as_ref().map_or_else(|| PasswordHash::new(&self.nobodys).ok(), |h| Some(h.clone()))
        else {
            return Verdict::Wrong;
        };
        self.computed.fetch_add(1, Ordering::Relaxed);
        let right = self.argon2.verify_password(password.as_bytes(), &hash).is_ok();
        if !right || stored.is_none() {
            return Verdict::Wrong;
        }
        let rehashed = if self.is_of_today(&hash) { None } else { self.hash(password, salt).ok() };
        Verdict::Right { rehashed }
    }

    fn is_of_today(&self, hash: &PasswordHash) -> bool {
        Params::try_from(hash).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost())
                == (self.cost.memory_kib, self.cost.passes, self.cost.lanes)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::task::{Context, Waker};

    use super::*;

    struct Counting(Mutex<u8>);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
            let mut next = self.0.lock();
            *next = next.wrapping_add(1);
            bytes.fill(*next);
            Ok(())
        }
    }

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1 };

    fn passwords(cost: PasswordCost, queue: usize) -> Passwords {
        Passwords::start(cost, queue, 1, Arc::new(Counting(Mutex::new(0)))).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = passwords(CHEAP, 4);
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        let other = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert_ne!(hash, other, "each hash has a salt of its own");
        let verify =
            |password: &str, hash: &str| passwords.verify(password.to_owned(), Some(hash.to_owned()));
        assert_eq!(verify("correct horse", &hash).await.unwrap(), Verdict::Right { rehashed: None });
        assert_eq!(verify("correct Horse", &hash).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify("correct horse", "no hash at all").await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_one_computation_as_a_wrong_password_does() {
        let passwords = passwords(CHEAP, 4);
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        let before = passwords.computed();
        assert_eq!(passwords.verify("guess".to_owned(), Some(hash)).await.unwrap(), Verdict::Wrong);
        assert_eq!(passwords.computed(), before + 1);
        assert_eq!(passwords.verify("guess".to_owned(), None).await.unwrap(), Verdict::Wrong);
        assert_eq!(passwords.computed(), before + 2);
    }

    #[tokio::test]
    async fn a_hash_of_an_earlier_cost_is_made_anew_at_log_in() {
        let hash = passwords(CHEAP, 4).hash("correct horse".to_owned()).await.unwrap();
        let dearer = passwords(PasswordCost { memory_kib: 16, ..CHEAP }, 4);
        let Verdict::Right { rehashed: Some(hash) } =
            dearer.verify("correct horse".to_owned(), Some(hash)).await.unwrap()
        else {
            panic!("right, and rehashed");
        };
        assert!(hash.contains("m=16,t=1,p=1"), "{hash}");
        assert_eq!(
            dearer.verify("correct horse".to_owned(), Some(hash)).await.unwrap(),
            Verdict::Right { rehashed: None }
        );
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_takes_nothing_more() {
        let (queue, receiver) = sync_channel(1);
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(Mutex::new(0)));
        let passwords = Passwords {
            queue: Some(queue),
            threads: Vec::new(),
            entropy,
            computed: Arc::new(AtomicU64::new(0)),
        };
        // Nobody works here: the first waits in the queue, the second finds it full.
        let mut first = Box::pin(passwords.verify("a guess".to_owned(), None));
        let mut context = Context::from_waker(Waker::noop());
        assert!(first.as_mut().poll(&mut context).is_pending());
        let refused = passwords.verify("another".to_owned(), None).await;
        assert!(matches!(refused, Err(Failure::Unavailable(_))), "{refused:?}");
        drop(receiver);
        assert!(matches!(first.await, Err(Failure::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_new_password_has_8_to_1024_bytes() {
        let passwords = passwords(CHEAP, 4);
        for (length, valid) in [(7, false), (8, true), (1024, true), (1025, false)] {
            assert_eq!(passwords.hash("x".repeat(length)).await.is_ok(), valid, "{length}");
        }
    }

    #[test]
    fn a_cost_out_of_range_does_not_start() {
        let started =
            Passwords::start(PasswordCost { passes: 0, ..CHEAP }, 1, 1, Arc::new(Counting(Mutex::new(0))));
        assert!(matches!(started, Err(StartError::Cost(_))));
    }

    #[test]
    fn the_default_cost_is_the_contracts() {
        assert_eq!(PasswordCost::default(), PasswordCost { memory_kib: 19_456, passes: 2, lanes: 1 });
    }
}
