//! Sealing content.
//!
//! ```json
//! {"type": "sealed", "text": "", "v": 1, "group": "b64", "epoch": 7, "kid": "b64", "data": "b64"}
//! ```
//!
//! `data` is a nonce of 24 bytes ‖ XChaCha20-Poly1305 of what is inside, with the header as associated data. Resent
//! byte for byte; sealed anew only after `stale_epoch`.

use base64ct::{Base64UrlUnpadded, Encoding};
use chinwag_proto::{Content, Entry};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::header::{EpochKey, Header};
use super::plain::{CONTENT_BYTES_MAX, ChainHead, OtherChat, Plain, pack, signed};
use crate::canonical::Hash;
use crate::group::Seen;
use crate::identity::{DeviceKeys, seal_under};

/// The form of an envelope.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub(super) text: std::borrow::Cow<'a, str>,
    pub(super) v: u16,
    #[serde(borrow)]
    pub(super) group: std::borrow::Cow<'a, str>,
    pub(super) epoch: u64,
    #[serde(borrow)]
    pub(super) kid: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: std::borrow::Cow<'a, str>,
}

/// Why content is not sealed.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum SealFailure {
    /// More than [`CONTENT_BYTES_MAX`] bytes.
    #[error("too large to be sent encrypted: up to {CONTENT_BYTES_MAX} bytes")]
    TooLarge,
}

/// What is to be sealed.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The content.
    pub content: &'a Content,
    /// When it was written.
    pub sent_at_ms: i64,
    /// The digest of the message that an edit changes.
    pub target: Option<Hash>,
    /// The digest of the message that a message answers.
    pub reply: Option<Hash>,
}

/// Who seals, and what it tells with every envelope.
#[derive(Clone, Copy)]
pub struct Sealer<'a> {
    /// The device's keys.
    pub keys: &'a DeviceKeys,
    /// The end of its user's device chain.
    pub head: ChainHead,
    /// What it has seen of the log.
    pub seen: Seen,
    /// In a direct chat: and of another chat.
    pub other: Option<OtherChat>,
}

/// Seals content for a place.
pub fn seal(
    key: &EpochKey,
    header: &Header,
    draft: &Draft<'_>,
    by: Sealer<'_>,
    rng: &mut dyn CryptoRng,
) -> Result<Content, SealFailure> {
    if draft.content.json().len() > 6 * CONTENT_BYTES_MAX {
        return Err(SealFailure::TooLarge);
    }
    let plain = Plain {
        content: draft.content.clone(),
        sent_at_ms: draft.sent_at_ms,
        target: draft.target,
        reply: draft.reply,
        head: by.head,
        seen: by.seen,
        other: by.other,
    };
    let body = plain.encode().filter(|body| body.len() <= CONTENT_BYTES_MAX + 512);
    let body = body.ok_or(SealFailure::TooLarge)?;
    let kid = key.kid();
    let header_bytes = header.encode(&kid);
    let signature = by.keys.sign(&signed(&header_bytes, &body));
    let inside = zeroize::Zeroizing::new(pack(&body, &signature));
    let sealed = seal_under(&key.enc, &header_bytes, &inside, rng).map_err(|_| SealFailure::TooLarge)?;
    let envelope = Envelope {
        kind: "sealed".into(),
        text: "".into(),
        v: 1,
        group: Base64UrlUnpadded::encode_string(&header.group).into(),
        epoch: header.epoch,
        kid: Base64UrlUnpadded::encode_string(&kid).into(),
        data: Base64UrlUnpadded::encode_string(&sealed).into(),
    };
    let json = serde_json::to_string(&envelope).map_err(|_| SealFailure::TooLarge)?;
    Content::from_json(json).ok_or(SealFailure::TooLarge)
}

/// What `ref` and `replyRef` say of a message: the digest of its envelope, which outlives a deletion.
pub fn reference(target: &Entry) -> Option<Hash> {
    target.digest
}
