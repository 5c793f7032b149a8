//! The side that lets a new device in.

use chinwag_proto::{DeviceId, UserId};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};

use super::super::{Certificate, seal_under};
use super::messages::{Answer, Derived, Open, Place, Shown, Way, ephemeral, handover, read_commit};
use super::{Handover, LinkingError, RUNS_PER_HOUR};
use crate::canonical::Hash;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Counts the runs of a device, so that a server cannot try codes by the thousand. To be kept over restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkingBudget {
    starts_ms: Vec<i64>,
}

impl LinkingBudget {
    /// From what [`Self::starts_ms`] gave.
    pub fn new(starts_ms: &[i64]) -> Self {
        Self { starts_ms: starts_ms.iter().rev().take(RUNS_PER_HOUR).rev().copied().collect() }
    }

    /// When the runs of the last hour began, in milliseconds since the Unix epoch; at most
    /// [`RUNS_PER_HOUR`].
    pub fn starts_ms(&self) -> &[i64] {
        &self.starts_ms
    }

    /// Takes one run. After a clock was set back, earlier runs count as if they began now.
    fn take(&mut self, now_ms: i64) -> Result<(), LinkingError> {
        self.starts_ms.iter_mut().for_each(|start| *start = (*start).min(now_ms));
        self.starts_ms.retain(|start| now_ms.saturating_sub(*start) < HOUR_MS);
        if self.starts_ms.len() >= RUNS_PER_HOUR {
            let first = self.starts_ms.iter().min().copied().unwrap_or(now_ms);
            return Err(LinkingError::TooMany { at_ms: first.saturating_add(HOUR_MS) });
        }
        self.starts_ms.push(now_ms);
        Ok(())
    }
}

/// By code: has answered, waits for the commitment to be opened.
pub struct OldByCode {
    place: Place,
    secret: StaticSecret,
    answer: Answer,
    commitment: Hash,
}

impl OldByCode {
    /// Takes the new device's first message; gives the answer. Takes one run from the budget.
    pub fn start(
        origin: &str,
        own: &Certificate,
        budget: &mut LinkingBudget,
        message: &[u8],
        now_ms: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<u8>), LinkingError> {
        let place = Place::new(own.user, origin, now_ms)?;
        let (user, commitment) = read_commit(message)?;
        same_user(own.user, user)?;
        budget.take(now_ms)?;
        let secret = ephemeral(rng);
        let answer = Answer { certificate: own.clone(), key: PublicKey::from(&secret).to_bytes() };
        let message = answer.encode();
        Ok((Self { place, secret, answer, commitment }, message))
    }

    /// Takes the opened commitment; the code may now be typed.
    pub fn opened(self, message: &[u8], now_ms: i64) -> Result<OldAwaitsCode, LinkingError> {
        self.place.in_time(now_ms)?;
        let open = Open::decode(message)?;
        if open.commitment() != self.commitment {
            return Err(LinkingError::Commitment);
        }
        same_user(self.place.user, open.certificate.user)?;
        let derived = Derived::new(&self.place, &Way::Code, &self.answer, &open, &self.secret, &open.key)?;
        Ok(OldAwaitsCode { place: self.place, derived, open })
    }
}

/// By code: waits for the digits that the new device shows. There is one try.
pub struct OldAwaitsCode {
    place: Place,
    derived: Derived,
    open: Open,
}

impl OldAwaitsCode {
    /// Compares what was typed, in constant time; white space does not matter. The run is over if it differs.
    pub fn code(self, typed: &str, now_ms: i64) -> Result<Grant, LinkingError> {
        self.place.in_time(now_ms)?;
        let typed: Vec<u8> = typed.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let same: bool = self.derived.code.as_bytes().ct_eq(&typed).into();
        if !same {
            return Err(LinkingError::WrongCode);
        }
        Ok(Grant { place: self.place, derived: self.derived, open: self.open, answer: None })
    }
}

/// By QR: takes the scanned text and the message that came over the server. Takes one run from the budget.
pub fn scan(
    origin: &str,
    own: &Certificate,
    budget: &mut LinkingBudget,
    (scanned, message): (&str, &[u8]),
    now_ms: i64,
    rng: &mut dyn CryptoRng,
) -> Result<Grant, LinkingError> {
    let place = Place::new(own.user, origin, now_ms)?;
    let shown = Shown::parse(scanned)?;
    same_user(own.user, shown.user)?;
    let open = Open::decode(message)?;
    budget.take(now_ms)?;
    if open.commitment() != shown.commitment {
        return Err(LinkingError::Commitment);
    }
    same_user(own.user, open.certificate.user)?;
    let secret = ephemeral(rng);
    let answer = Answer { certificate: own.clone(), key: PublicKey::from(&secret).to_bytes() };
    let derived = Derived::new(&place, &Way::Qr(&shown.secret), &answer, &open, &secret, &open.key)?;
    Ok(Grant { place, derived, open, answer: Some(answer) })
}

fn same_user(own: UserId, other: UserId) -> Result<(), LinkingError> {
    if own == other { Ok(()) } else { Err(LinkingError::WrongUser) }
}

/// The new device's keys are authentic. What is left is the user's to decide, after local re-authentication:
/// the new device will read the whole history, write in the user's name, and link and revoke devices.
pub struct Grant {
    place: Place,
    derived: Derived,
    open: Open,
    answer: Option<Answer>,
}

impl Grant {
    /// The certificate to add to the chain.
    pub fn certificate(&self) -> &Certificate {
        &self.open.certificate
    }

    /// The device whose store was lost, to be revoked if it is the user's and live.
    pub fn replaces(&self) -> Option<DeviceId> {
        self.open.replaces
    }

    /// The last message, once the chain with the new device in it is acknowledged.
    pub fn hand_over(
        self,
        given: &Handover,
        now_ms: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, LinkingError> {
        self.place.in_time(now_ms)?;
        let sealed = seal_under(&self.derived.seal, &self.derived.transcript, &given.encode(), rng)?;
        handover(self.answer.as_ref(), &sealed)
    }
}
