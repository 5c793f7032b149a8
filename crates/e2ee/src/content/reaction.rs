//! Reactions: the server counts them by key and must not read the key.
//!
//! A `reaction` entry has no content, only `key` (64 bytes of text) and `on`. So the key *is* the sealed
//! symbol, the same for the same symbol on the same message, whoever gives it and when, so that it can be
//! counted and taken back; and the entry's `clientMessageId` vouches for who gave it:
//!
//! ```text
//! iv  = HMAC-SHA256(sym, "chinwag reaction symbol 1" ‖ target digest[32] ‖ bytes symbol)[..12]
//! key = base64url(iv ‖ (symbol, zeroes up to 36 bytes) XOR HKDF-SHA256 stream(sym, iv ‖ target digest))
//! id  = base64url(random[16] ‖ HMAC-SHA256(mac, "chinwag reaction 1" ‖ bytes header without id ‖ random[16]
//!         ‖ target digest[32] ‖ text key ‖ u8 on)[..20])
//! ```
//!
//! `sym` is of the *target's* epoch, so that everybody who can read the message reads its reactions, and a
//! symbol of an earlier epoch can be taken back; `mac` is of the epoch in force, so that a member who was
//! removed gives none. The server learns which reactions to one message are alike, not what they say, and
//! nothing across messages. The MAC is the group's, not a device's: it holds against the server, not
//! against a member who works with the server.

use base64ct::{Base64UrlUnpadded, Encoding};
use chinwag_proto::{Body, ClientMessageId, Entry, ReactionKey};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::cause::Cause;
use super::header::{EpochKey, Header, Kind};
use super::open::sender;
use crate::canonical::{Hash, Writer};
use crate::group::{EpochRecord, SenderLeaf};
use crate::identity::derive;

const IV: usize = 12;
/// Bytes of a symbol: the longest emoji sequences take 35.
const SYMBOL: usize = 36;
const RANDOM: usize = 16;
const MAC: usize = 20;

/// A reaction as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedReaction {
    /// The record's `key`.
    pub key: ReactionKey,
    /// The record's `clientMessageId`.
    pub id: ClientMessageId,
}

/// Seals a reaction. `target_key` is of the epoch of the message, `now` of the one in force, for which the
/// header stands; its id is not used. `None` where the symbol is longer than 36 bytes.
pub fn seal_reaction(
    target_key: &EpochKey,
    now: &EpochKey,
    header: &Header,
    target: &Hash,
    symbol: &ReactionKey,
    on: bool,
    rng: &mut dyn CryptoRng,
) -> Option<SealedReaction> {
    let symbol = symbol.as_str().as_bytes();
    let mut padded = [0; SYMBOL];
    padded.get_mut(..symbol.len())?.copy_from_slice(symbol);
    let iv = iv(target_key, target, symbol);
    xor(&mut padded, target_key, &iv, target);
    let key = Base64UrlUnpadded::encode_string(&[&iv[..], &padded].concat());
    let mut random = [0; RANDOM];
    rng.fill_bytes(&mut random);
    let mac = mac(now, header, &random, target, &key, on);
    let id = Base64UrlUnpadded::encode_string(&[&random[..], &mac].concat());
    Some(SealedReaction { key: key.parse().ok()?, id: id.parse().ok()? })
}

/// Opens a `reaction` entry: the symbol that its sender gave or took back. `epoch` and `now` are of the epoch
/// in force at the entry's seq, `target_key` of the one in force at the message's, `target` its digest.
pub fn open_reaction(
    entry: &Entry,
    epoch: &EpochRecord,
    now: &EpochKey,
    leaf: SenderLeaf,
    target_key: &EpochKey,
    target: &Hash,
) -> Result<ReactionKey, Cause> {
    let Body::Reaction { key, on, .. } = &entry.body else { return Err(Cause::Malformed) };
    sender(leaf)?;
    let id = entry.client_message_id.clone().ok_or(Cause::Malformed)?;
    let vouched = bytes::<{ RANDOM + MAC }>(id.as_str())?;
    let (random, found) = vouched.split_first_chunk::<RANDOM>().ok_or(Cause::Malformed)?;
    let header = Header {
        group: epoch.group,
        epoch: epoch.epoch,
        after: entry.after.ok_or(Cause::Malformed)?,
        chat: entry.chat_id,
        user: entry.sender_id,
        device: entry.device_id,
        id,
        kind: Kind::Reaction,
    };
    let expected = mac(now, &header, random, target, key.as_str(), *on);
    if !bool::from(expected.as_slice().ct_eq(found)) {
        return Err(Cause::BadSignature);
    }
    let sealed = bytes::<{ IV + SYMBOL }>(key.as_str())?;
    let (iv_found, rest) = sealed.split_first_chunk::<IV>().ok_or(Cause::Malformed)?;
    let mut symbol: [u8; SYMBOL] = rest.try_into().map_err(|_| Cause::Malformed)?;
    xor(&mut symbol, target_key, iv_found, target);
    let end = symbol.iter().position(|byte| *byte == 0).unwrap_or(SYMBOL);
    let (text, padding) = symbol.split_at(end);
    let sound = padding.iter().all(|byte| *byte == 0)
        && bool::from(iv(target_key, target, text).as_slice().ct_eq(iv_found));
    let text = if sound { std::str::from_utf8(text).ok() } else { None };
    text.and_then(|text| text.parse().ok()).ok_or(Cause::DoesNotOpen)
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], Cause> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| Cause::Malformed)?;
    bytes.try_into().map_err(|_| Cause::Malformed)
}

/// HMAC-SHA256, as HKDF's extract step is (RFC 5869 §2.2).
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    Hkdf::<Sha256>::extract(Some(key), message).0.into()
}

fn first<const N: usize>(bytes: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or_default())
}

fn iv(key: &EpochKey, target: &Hash, symbol: &[u8]) -> [u8; IV] {
    let mut writer = Writer::new("chinwag reaction symbol 1");
    writer.fixed(target).bytes(symbol);
    first(&hmac(&key.symbol, writer.as_slice()))
}

fn xor(symbol: &mut [u8; SYMBOL], key: &EpochKey, iv: &[u8; IV], target: &Hash) {
    let salt = [&iv[..], &target[..]].concat();
    let one = derive(&salt, &*key.symbol, "chinwag reaction stream 1");
    let two = derive(&salt, &*key.symbol, "chinwag reaction stream 2");
    for (byte, stream) in symbol.iter_mut().zip(one.iter().chain(two.iter())) {
        *byte ^= stream;
    }
}

fn mac(
    key: &EpochKey,
    header: &Header,
    random: &[u8; RANDOM],
    target: &Hash,
    symbol: &str,
    on: bool,
) -> [u8; MAC] {
    let mut writer = Writer::new("chinwag reaction 1");
    writer.bytes(&header.group).u64(header.epoch).u64(header.after.get()).text(&header.chat.to_string());
    writer.u64(header.user.get()).u64(header.device.get()).fixed(random).fixed(target);
    writer.text(symbol).u8(u8::from(on));
    first(&hmac(&key.mac, writer.as_slice()))
}
