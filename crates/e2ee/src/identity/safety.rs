//! The safety number of two users: what they compare to know that no other identity stands between them.
//!
//! A user's half is 30 digits: from SHA-256 of `"chinwag safety number 1" ‖ u64 user ‖ root[32]`, each of the
//! first six groups of five bytes, read big-endian, modulo 100,000, in five digits. The number is the half
//! of the user with the smaller id, then the other's: 60 digits in groups of five. To show another root
//! with the same half takes about 2^99 tries. The QR code is `qr` of kind `SAFETY` over
//! `"chinwag safety code 1" ‖ u64 user ‖ root[32] ‖ u64 peer ‖ root[32]`, the shower first, and compares whole
//! roots. Leaves out what is remembered of a comparison.

use chinwag_proto::UserId;
use subtle::ConstantTimeEq;

use super::certificate::read_user;
use super::{RootPublic, qr};
use crate::canonical::{self, DecodeError, Reader, Writer};

const NUMBER: &str = "chinwag safety number 1";
const CODE: &str = "chinwag safety code 1";
const KIND: &str = "SAFETY";

/// The identity of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// The root, as this client sees it.
    pub root: RootPublic,
}

impl Identity {
    fn digits(&self) -> [String; 6] {
        let mut writer = Writer::new(NUMBER);
        writer.u64(self.user.get()).fixed(&self.root.0);
        let digest = canonical::hash(&writer.finish());
        std::array::from_fn(|group| {
            let bytes = digest.iter().skip(5 * group).take(5);
            let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            format!("{:05}", number % 100_000)
        })
    }
}

/// The safety number: 12 groups of 5 digits with a space between; the same for both users.
pub fn safety_number(one: Identity, other: Identity) -> String {
    let (first, second) = if one.user <= other.user { (one, other) } else { (other, one) };
    [first.digits(), second.digits()].concat().join(" ")
}

/// Whether two numbers are the same, in constant time; white space does not matter.
pub fn same_number(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>();
    let one = digits(one);
    one.len() == 60 && one.ct_eq(&digits(other)).into()
}

/// The QR code that `own` shows to `peer`.
pub fn safety_code(own: Identity, peer: Identity) -> String {
    qr::text(KIND, &code(own, peer)).as_str().to_owned()
}

/// What the comparison of a scanned safety code gave.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum CodeMismatch {
    /// Not a safety code.
    #[error("not a safety code")]
    NotACode,
    /// A safety code of, or for, somebody else: the wrong chat is open.
    #[error("a safety code between other users")]
    OtherUsers,
    /// The users are these, but one of them sees another identity: somebody stands between them.
    #[error("the identities differ")]
    Different,
}

/// Compares the code that the peer shows with what is seen here, in constant time.
pub fn compare_safety_code(scanned: &str, own: Identity, peer: Identity) -> Result<(), CodeMismatch> {
    let scanned = qr::payload(KIND, scanned).map_err(|_| CodeMismatch::NotACode)?;
    let (from, to) = users(&scanned).map_err(|_| CodeMismatch::NotACode)?;
    if (from, to) != (peer.user, own.user) {
        return Err(CodeMismatch::OtherUsers);
    }
    let same: bool = scanned.ct_eq(&code(peer, own)).into();
    if same { Ok(()) } else { Err(CodeMismatch::Different) }
}

fn code(shower: Identity, scanner: Identity) -> Vec<u8> {
    let mut writer = Writer::new(CODE);
    writer.u64(shower.user.get()).fixed(&shower.root.0);
    writer.u64(scanner.user.get()).fixed(&scanner.root.0);
    writer.finish()
}

fn users(code: &[u8]) -> Result<(UserId, UserId), DecodeError> {
    let mut reader = Reader::new(code, CODE, 128)?;
    let from = read_user(&mut reader)?;
    reader.array::<32>()?;
    let to = read_user(&mut reader)?;
    reader.array::<32>()?;
    reader.finish()?;
    Ok((from, to))
}
