//! Opening content.
//!
//! Checks, in this order: it is an envelope; its epoch is the one in force at its place; the key's name is
//! the epoch's; the sender was a leaf; it opens for exactly this place, sender and kind; the leaf signed it;
//! it was written before its place; its target is the one it was written for. A replay is the caller's to
//! notice: same sender and client id as an entry before.

use base64ct::{Base64UrlUnpadded, Encoding};
use chinwag_proto::{Body, Content, Entry};

use super::cause::Cause;
use super::header::{EpochKey, Header, Kind};
use super::plain::{Plain, ahead, is_signed, unpack};
use super::seal::Envelope;
use crate::canonical::Hash;
use crate::group::{EpochRecord, SenderLeaf};
use crate::identity::open_under;

/// What can be said of the message that an entry changes or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It names none.
    None,
    /// Its digest.
    Known(Hash),
    /// It is not at hand.
    Unknown,
}

/// What was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Content and the rest.
    pub plain: Plain,
}

/// Opens the content of a `message` or `edit` entry. `epoch` is the one in force at the entry's seq, with its
/// keys; `leaf` what is known of the sender in it.
pub fn open(
    entry: &Entry,
    content: &Content,
    epoch: &EpochRecord,
    key: &EpochKey,
    leaf: SenderLeaf,
    target: Target,
) -> Result<Opened, Cause> {
    let (kind, names_target, id) = place(entry)?;
    if !content.is_sealed() {
        return Err(Cause::Plain);
    }
    let envelope: Envelope<'_> = serde_json::from_str(content.json()).map_err(|_| Cause::Malformed)?;
    if envelope.v != 1 || !envelope.text.is_empty() {
        return Err(Cause::Malformed);
    }
    let group = bytes(&envelope.group)?;
    let kid = bytes(&envelope.kid)?;
    if group != epoch.group {
        return Err(Cause::AnotherGroup);
    }
    if envelope.epoch != epoch.epoch {
        return Err(if envelope.epoch < epoch.epoch { Cause::EndedEpoch } else { Cause::NoEpochKey });
    }
    if kid != key.kid() {
        return Err(Cause::Fork);
    }
    let sign_key = sender(leaf)?;
    let after = entry.after.ok_or(Cause::Malformed)?;
    let (group, epoch, chat) = (epoch.group, epoch.epoch, entry.chat_id);
    let (user, device) = (entry.sender_id, entry.device_id);
    let header = Header { group, epoch, after, chat, user, device, id, kind }.encode(&key.kid());
    let inside = open_under(&key.enc, &header, &bytes(&envelope.data)?).map_err(|_| Cause::DoesNotOpen)?;
    let (body, signature) = unpack(&inside).ok_or(Cause::Malformed)?;
    if !is_signed(&sign_key, &header, body, signature) {
        return Err(Cause::BadSignature);
    }
    let plain = Plain::decode(body).map_err(|_| Cause::Malformed)?;
    if ahead(plain.seen.seq, entry.seq) {
        return Err(Cause::SeenAhead);
    }
    check_target(kind, names_target, &plain, target)?;
    Ok(Opened { plain })
}

pub(super) fn sender(leaf: SenderLeaf) -> Result<[u8; 32], Cause> {
    match leaf {
        SenderLeaf::Key(key) => Ok(key),
        SenderLeaf::None => Err(Cause::NotALeaf),
        SenderLeaf::Unknown => Err(Cause::LeavesUnknown),
    }
}

fn place(entry: &Entry) -> Result<(Kind, bool, chinwag_proto::ClientMessageId), Cause> {
    let id = entry.client_message_id.clone().ok_or(Cause::Malformed)?;
    match &entry.body {
        Body::Message { reply_to, .. } => Ok((Kind::Message, reply_to.is_some(), id)),
        Body::Edit { .. } => Ok((Kind::Edit, true, id)),
        _ => Err(Cause::Malformed),
    }
}

fn check_target(kind: Kind, named: bool, plain: &Plain, target: Target) -> Result<(), Cause> {
    let (says, never) = match kind {
        Kind::Edit => (plain.target, plain.reply),
        _ => (plain.reply, plain.target),
    };
    if never.is_some() || says.is_some() != named {
        return Err(Cause::WrongTarget);
    }
    match (says, target) {
        (None, _) => Ok(()),
        (Some(says), Target::Known(is)) if says == is => Ok(()),
        (Some(_), Target::Known(_) | Target::None) => Err(Cause::WrongTarget),
        (Some(_), Target::Unknown) if kind == Kind::Message => Ok(()),
        (Some(_), Target::Unknown) => Err(Cause::TargetUnknown),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Cause> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Cause::Malformed)
}
