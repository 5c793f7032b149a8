//! The messages of a run, the transcript, and what is derived from it.

use chinwag_proto::{DeviceId, UserId};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::super::{Certificate, derive, qr, read_device, read_user};
use super::{LinkingError, MESSAGE_BYTES_MAX, RUN_MS_MAX};
use crate::canonical::{self, DecodeError, Hash, Reader, Writer};

const COMMIT: &str = "chinwag linking commit 1";
const ANSWER: &str = "chinwag linking answer 1";
const OPEN: &str = "chinwag linking open 1";
const HANDOVER: &str = "chinwag linking handover 1";
const SHOWN: &str = "chinwag linking code 1";
const TRANSCRIPT: &str = "chinwag linking transcript 1";
const KIND: &str = "LINK";
const INFO_CODE: &str = "chinwag linking code 1";
const INFO_SEAL: &str = "chinwag linking seal 1";

/// Bytes of a server origin at most.
const ORIGIN_BYTES_MAX: usize = 512;

/// Where and for whom a run is: both devices must agree on it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) user: UserId,
    pub(super) origin: String,
    pub(super) began_ms: i64,
}

impl Place {
    pub(super) fn new(user: UserId, origin: &str, now_ms: i64) -> Result<Self, LinkingError> {
        if origin.len() > ORIGIN_BYTES_MAX {
            return Err(LinkingError::TooLong);
        }
        Ok(Self { user, origin: origin.to_owned(), began_ms: now_ms })
    }

    /// A clock that was set back does not prolong a run by more than once its length.
    pub(super) fn in_time(&self, now_ms: i64) -> Result<(), LinkingError> {
        let took = now_ms.saturating_sub(self.began_ms);
        if (-RUN_MS_MAX..=RUN_MS_MAX).contains(&took) { Ok(()) } else { Err(LinkingError::Expired) }
    }
}

pub(super) fn ephemeral(rng: &mut dyn CryptoRng) -> StaticSecret {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *bytes);
    StaticSecret::from(*bytes)
}

pub(super) fn random(rng: &mut dyn CryptoRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

pub(super) fn commit(user: UserId, commitment: &Hash) -> Vec<u8> {
    let mut writer = Writer::new(COMMIT);
    writer.u64(user.get()).fixed(commitment);
    writer.finish()
}

pub(super) fn read_commit(bytes: &[u8]) -> Result<(UserId, Hash), DecodeError> {
    let mut reader = Reader::new(bytes, COMMIT, MESSAGE_BYTES_MAX)?;
    let commit = (read_user(&mut reader)?, reader.array()?);
    reader.finish()?;
    Ok(commit)
}

/// The old device's part: its certificate and its ephemeral key.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) certificate: Certificate,
    pub(super) key: [u8; 32],
}

impl Answer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(ANSWER);
        self.write(&mut writer);
        writer.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, ANSWER, MESSAGE_BYTES_MAX)?;
        let answer = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(answer)
    }

    fn write(&self, writer: &mut Writer) {
        self.certificate.write(writer);
        writer.fixed(&self.key);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { certificate: Certificate::read(reader)?, key: reader.array()? })
    }
}

/// The new device's part, in the open.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) key: [u8; 32],
    pub(super) r: [u8; 32],
    pub(super) certificate: Certificate,
    pub(super) replaces: Option<DeviceId>,
}

impl Open {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(OPEN);
        self.write(&mut writer);
        writer.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, OPEN, MESSAGE_BYTES_MAX)?;
        let open = Self {
            key: reader.array()?,
            r: reader.array()?,
            certificate: Certificate::read(&mut reader)?,
            replaces: reader.option("replaces", read_device)?,
        };
        reader.finish()?;
        Ok(open)
    }

    /// What a new device commits to.
    pub(super) fn commitment(&self) -> Hash {
        canonical::hash(&self.encode())
    }

    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.key).fixed(&self.r);
        self.certificate.write(writer);
        writer.option(self.replaces, |writer, device| {
            writer.u64(device.get());
        });
    }
}

/// What a new device shows as a QR code.
pub(super) struct Shown {
    pub(super) user: UserId,
    pub(super) secret: Zeroizing<[u8; 32]>,
    pub(super) commitment: Hash,
}

impl Shown {
    pub(super) fn text(&self) -> Zeroizing<String> {
        let mut writer = Writer::new(SHOWN);
        writer.u64(self.user.get()).fixed(&*self.secret).fixed(&self.commitment);
        qr::text(KIND, &Zeroizing::new(writer.finish()))
    }

    pub(super) fn parse(text: &str) -> Result<Self, LinkingError> {
        let bytes = qr::payload(KIND, text).map_err(|_| LinkingError::NotACode)?;
        let read = || {
            let mut reader = Reader::new(&bytes, SHOWN, MESSAGE_BYTES_MAX)?;
            let shown = Self {
                user: read_user(&mut reader)?,
                secret: Zeroizing::new(reader.array()?),
                commitment: reader.array()?,
            };
            reader.finish()?;
            Ok::<_, DecodeError>(shown)
        };
        read().map_err(|_| LinkingError::NotACode)
    }
}

pub(super) fn handover(answer: Option<&Answer>, sealed: &[u8]) -> Result<Vec<u8>, LinkingError> {
    let mut writer = Writer::new(HANDOVER);
    writer.option(answer, |writer, answer| answer.write(writer)).bytes(sealed);
    let bytes = writer.finish();
    if bytes.len() > MESSAGE_BYTES_MAX { Err(LinkingError::TooLong) } else { Ok(bytes) }
}

pub(super) fn read_handover(bytes: &[u8]) -> Result<(Option<Answer>, &[u8]), DecodeError> {
    let mut reader = Reader::new(bytes, HANDOVER, MESSAGE_BYTES_MAX)?;
    let answer = reader.option("answer", Answer::read)?;
    let sealed = reader.bytes(MESSAGE_BYTES_MAX, "sealed")?;
    reader.finish()?;
    Ok((answer, sealed))
}

/// How the two devices authenticate each other.
pub(super) enum Way<'a> {
    Code,
    Qr(&'a [u8; 32]),
}

/// What both sides derive from a whole run.
pub(super) struct Derived {
    pub(super) transcript: Hash,
    pub(super) seal: Zeroizing<[u8; 32]>,
    pub(super) code: Zeroizing<String>,
}

impl Derived {
    pub(super) fn new(
        place: &Place,
        way: &Way<'_>,
        answer: &Answer,
        open: &Open,
        own: &StaticSecret,
        other: &[u8; 32],
    ) -> Result<Self, LinkingError> {
        let shared = own.diffie_hellman(&PublicKey::from(*other));
        if !shared.was_contributory() {
            return Err(LinkingError::Key);
        }
        let (number, secret) = match way {
            Way::Code => (1, &[0; 32]),
            Way::Qr(secret) => (2, *secret),
        };
        let mut writer = Writer::new(TRANSCRIPT);
        writer.u8(number).u64(place.user.get()).text(&place.origin);
        answer.write(&mut writer);
        writer.fixed(&open.commitment());
        open.write(&mut writer);
        let transcript = canonical::hash(&writer.finish());
        let ikm = Zeroizing::new([*shared.as_bytes(), *secret].concat());
        let code = derive(&transcript, &ikm, INFO_CODE);
        let number = code.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Ok(Self {
            transcript,
            seal: derive(&transcript, &ikm, INFO_SEAL),
            code: Zeroizing::new(format!("{:08}", number % 100_000_000)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::DeviceKeys;

    /// Who only sees the messages of a run by QR, and even makes the old device's key, lacks the secret.
    #[test]
    fn by_qr_the_key_hangs_on_the_secret_that_was_shown() {
        let user = UserId::new(7).unwrap();
        let certificate = |number: u8| {
            let keys = DeviceKeys::from_bytes(&[number; 64]);
            keys.certificate(user, DeviceId::new(u64::from(number)).unwrap(), 1)
        };
        let (new, old) = (StaticSecret::from([3; 32]), StaticSecret::from([4; 32]));
        let public = |secret: &StaticSecret| PublicKey::from(secret).to_bytes();
        let open = Open { key: public(&new), r: [9; 32], certificate: certificate(2), replaces: None };
        let answer = Answer { certificate: certificate(1), key: public(&old) };
        let place = Place::new(user, "https://chat.example", 0).unwrap();
        let seal = |way: &Way<'_>, own, other: &[u8; 32]| {
            Derived::new(&place, way, &answer, &open, own, other).map(|derived| *derived.seal).unwrap()
        };
        let shown = seal(&Way::Qr(&[5; 32]), &new, &answer.key);
        assert_eq!(seal(&Way::Qr(&[5; 32]), &old, &open.key), shown);
        assert_ne!(seal(&Way::Qr(&[0; 32]), &old, &open.key), shown);
        assert_ne!(seal(&Way::Code, &old, &open.key), seal(&Way::Qr(&[0; 32]), &old, &open.key));
    }
}
