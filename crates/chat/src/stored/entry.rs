//! An entry.
//!
//! Layout 1: version 1 · a byte: kind (bits 0–3), has a clientMessageId (4), has `after` (5), has a digest (6),
//! the sender is the first or only id of the chat id (7) · v int · chat key · seq int · n int · messageId id ·
//! senderId id (left out when bit 7) · deviceId id · clientMessageId (length int, then 6 bits a character in the order
//! `A-Z a-z 0-9 - _`) · createdAt sint, ms · after int · digest 32 bytes · what the kind says:
//!
//! | kind | |
//! |---|---|
//! | 0 message | replyTo opt int · content |
//! | 1 edit | target int · content |
//! | 2 delete | target int |
//! | 3 reaction | target int · on 0/1 · key text |
//! | 4 member | changes: count int, each user id · a byte: change (bits 2–3: added, removed, left, role), role plus one (0–1) |
//! | 5 chat | settings byte · title text, if bit 6 · members opt int, each user id · role byte |
//! | 6 mls | changes · content |
//! | 7 notice | a byte: welcome 0, invite 1, device 2 · content |
//! | 15 unknown | kind text |
//!
//! Settings byte: encryption (bits 0–1: 0 none given, 1 `none`, 2 `mls`), history (2–3: 1 `joined`, 2 `all`), whoMayAdd
//! (4–5: 1 `admins`, 2 `members`), title (6).
//!
//! A message of 300 bytes in a group costs 49 bytes besides, and its clientMessageId.

use chinwag_proto::entry::{ChatChange, Founder};
use chinwag_proto::{Body, ChatId, DeviceId, Entry, MessageId, UserId};

use super::StoredError;
use super::bytes::{Reader, put_bytes, put_int, put_opt_int};
use super::common::{
    notice_code, notice_of, put_changes, put_chat, put_client_id, put_content, put_id, put_name, put_seq,
    put_time, role_code, role_of, settings_bits,
};

const LAYOUT: u8 = 1;
const HAS_CLIENT_ID: u8 = 1 << 4;
const HAS_AFTER: u8 = 1 << 5;
const HAS_DIGEST: u8 = 1 << 6;
const SENDER_IN_CHAT: u8 = 1 << 7;

/// Appends an entry's bytes.
pub fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    let sender_in_chat = first_user(entry.chat_id) == Some(entry.sender_id);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(LAYOUT);
    out.push(
        kind_code(&entry.body)
            | flag(entry.client_message_id.is_some(), HAS_CLIENT_ID)
            | flag(entry.after.is_some(), HAS_AFTER)
            | flag(entry.digest.is_some(), HAS_DIGEST)
            | flag(sender_in_chat, SENDER_IN_CHAT),
    );
    put_int(out, entry.v.into());
    put_chat(out, entry.chat_id);
    put_seq(out, entry.seq);
    put_int(out, entry.n);
    put_id(out, entry.message_id.get());
    if !sender_in_chat {
        put_id(out, entry.sender_id.get());
    }
    put_id(out, entry.device_id.get());
    if let Some(id) = &entry.client_message_id {
        put_client_id(out, id);
    }
    put_time(out, entry.created_at);
    if let Some(after) = entry.after {
        put_seq(out, after);
    }
    out.extend_from_slice(entry.digest.as_ref().map_or(&[], |digest| digest));
    put_body(out, &entry.body);
}

/// Reads an entry back.
pub fn decode_entry(bytes: &[u8]) -> Result<Entry, StoredError> {
    let mut reader = Reader::versioned(bytes, LAYOUT)?;
    let bits = reader.byte()?;
    let v = reader.u16()?;
    let chat_id = reader.chat()?;
    let seq = reader.seq()?;
    let n = reader.int()?;
    let message_id = reader.id(MessageId::new)?;
    let sender_id = match first_user(chat_id) {
        Some(user) if bits & SENDER_IN_CHAT != 0 => user,
        None if bits & SENDER_IN_CHAT != 0 => {
            return Err(StoredError::Damaged("a sender out of a group's id"));
        }
        user => {
            let sender = reader.id(UserId::new)?;
            if Some(sender) == user {
                return Err(StoredError::Damaged("a sender in a longer form"));
            }
            sender
        }
    };
    let device_id = reader.id(DeviceId::new)?;
    let client_message_id = if bits & HAS_CLIENT_ID != 0 { Some(reader.client_id()?) } else { None };
    let created_at = reader.time()?;
    let after = if bits & HAS_AFTER != 0 { Some(reader.seq()?) } else { None };
    let digest = if bits & HAS_DIGEST != 0 { Some(reader.array()?) } else { None };
    let body = read_body(&mut reader, bits & 0x0f)?;
    reader.end()?;
    Ok(Entry {
        v,
        chat_id,
        seq,
        n,
        message_id,
        sender_id,
        device_id,
        client_message_id,
        created_at,
        after,
        digest,
        body,
    })
}

fn first_user(chat: ChatId) -> Option<UserId> {
    match chat {
        ChatId::Direct(low, _) => Some(low),
        ChatId::Inbox(owner) => Some(owner),
        ChatId::Group(_) => None,
    }
}

fn kind_code(body: &Body) -> u8 {
    match body {
        Body::Message { .. } => 0,
        Body::Edit { .. } => 1,
        Body::Delete { .. } => 2,
        Body::Reaction { .. } => 3,
        Body::Member { .. } => 4,
        Body::Chat(_) => 5,
        Body::Mls { .. } => 6,
        Body::Notice { .. } => 7,
        Body::Unknown { .. } => 15,
    }
}

fn put_body(out: &mut Vec<u8>, body: &Body) {
    match body {
        Body::Message { content, reply_to } => {
            put_opt_int(out, reply_to.map(|seq| seq.get()));
            put_content(out, content.as_ref());
        }
        Body::Edit { target, content } => {
            put_seq(out, *target);
            put_content(out, content.as_ref());
        }
        Body::Delete { target } => put_seq(out, *target),
        Body::Reaction { target, key, on } => {
            put_seq(out, *target);
            out.push(u8::from(*on));
            put_bytes(out, key.as_str().as_bytes());
        }
        Body::Member { changes } => put_changes(out, changes),
        Body::Chat(change) => put_chat_change(out, change),
        Body::Mls { changes, data } => {
            put_changes(out, changes);
            put_content(out, Some(data));
        }
        Body::Notice { notice, data } => {
            out.push(notice_code(*notice));
            put_content(out, Some(data));
        }
        Body::Unknown { kind } => put_bytes(out, kind.as_bytes()),
    }
}

fn read_body(reader: &mut Reader<'_>, kind: u8) -> Result<Body, StoredError> {
    Ok(match kind {
        0 => Body::Message { reply_to: reader.opt_seq()?, content: reader.content()? },
        1 => Body::Edit { target: reader.seq()?, content: reader.content()? },
        2 => Body::Delete { target: reader.seq()? },
        3 => Body::Reaction { target: reader.seq()?, on: reader.flag()?, key: reader.reaction_key()? },
        4 => Body::Member { changes: reader.changes()? },
        5 => Body::Chat(read_chat_change(reader)?),
        6 => Body::Mls { changes: reader.changes()?, data: reader.data()? },
        7 => Body::Notice { notice: notice_of(reader.byte()?)?, data: reader.data()? },
        15 => Body::Unknown { kind: reader.text()?.into() },
        _ => return Err(StoredError::Damaged("an unknown kind of entry")),
    })
}

fn put_chat_change(out: &mut Vec<u8>, change: &ChatChange) {
    out.push(settings_bits(change.encryption, change.history, change.who_may_add, change.title.is_some()));
    if let Some(title) = &change.title {
        put_name(out, title);
    }
    put_opt_int(out, change.members.as_ref().map(|members| members.len() as u64));
    for founder in change.members.iter().flatten() {
        put_id(out, founder.user_id.get());
        out.push(role_code(founder.role));
    }
}

fn read_chat_change(reader: &mut Reader<'_>) -> Result<ChatChange, StoredError> {
    let bits = reader.settings_bits()?;
    let title = if bits.title { Some(reader.name()?) } else { None };
    let members = reader.opt_many(9, |reader| {
        Ok(Founder { user_id: reader.id(UserId::new)?, role: role_of(reader.byte()?)? })
    })?;
    Ok(ChatChange {
        title,
        members,
        encryption: bits.encryption,
        history: bits.history,
        who_may_add: bits.who_may_add,
    })
}
