//! A record, as the cluster's log carries it.
//!
//! Layout 1: version 1 · a byte: ask (bits 0–3), has an id (4), resend (5), has `after` (6) · v int · chat key · sender id ·
//! device id · id as in an entry · messageId id · createdAt sint, ms · fingerprint, 16 bytes big endian · after int · limits: group members,
//! encrypted group members, reaction keys, int each · what is asked:
//!
//! | ask | |
//! |---|---|
//! | 0 create | settings byte · title text, if bit 6 · members: count int, each user id |
//! | 1 message, 2 edit, 3 delete, 4 react | as in an entry, content not wiped |
//! | 5 add | users: count int, each user id |
//! | 6 remove | user id |
//! | 7 set role | user id · role byte |
//! | 8 update | settings byte · title text, if bit 6 |
//! | 9 mls | changes · content |
//! | 10 notice | notice byte · content |

use chinwag_proto::{DeviceId, MessageId, UserId};

use super::StoredError;
use super::bytes::{Reader, put_bytes, put_int, put_len, put_opt_int};
use super::common::{
    notice_code, notice_of, put_changes, put_chat, put_client_id, put_content, put_id, put_name, put_seq,
    put_time, role_code, role_of, settings_bits,
};
use crate::fingerprint::Fingerprint;
use crate::record::{Ask, Record, RuleLimits};

const LAYOUT: u8 = 1;
const HAS_ID: u8 = 1 << 4;
const RESEND: u8 = 1 << 5;
const HAS_AFTER: u8 = 1 << 6;
const UNKNOWN_BITS: u8 = 1 << 7;

/// Appends a record's bytes.
pub fn encode_record(record: &Record, out: &mut Vec<u8>) {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(LAYOUT);
    out.push(
        ask_code(&record.ask)
            | flag(record.id.is_some(), HAS_ID)
            | flag(record.resend, RESEND)
            | flag(record.after.is_some(), HAS_AFTER),
    );
    put_int(out, record.v.into());
    put_chat(out, record.chat);
    put_id(out, record.sender.get());
    put_id(out, record.device.get());
    if let Some(id) = &record.id {
        put_client_id(out, id);
    }
    put_id(out, record.message_id.get());
    put_time(out, record.created_at);
    out.extend_from_slice(&record.fingerprint.0.to_be_bytes());
    if let Some(after) = record.after {
        put_seq(out, after);
    }
    let limits = record.limits;
    for limit in [limits.group_members, limits.encrypted_group_members, limits.reaction_keys] {
        put_int(out, limit.into());
    }
    put_ask(out, &record.ask);
}

/// Reads a record back.
pub fn decode_record(bytes: &[u8]) -> Result<Record, StoredError> {
    let mut reader = Reader::versioned(bytes, LAYOUT)?;
    let bits = reader.byte()?;
    if bits & UNKNOWN_BITS != 0 {
        return Err(StoredError::Damaged("an unknown part of a record"));
    }
    let record = Record {
        v: reader.u16()?,
        chat: reader.chat()?,
        sender: reader.id(UserId::new)?,
        device: reader.id(DeviceId::new)?,
        id: if bits & HAS_ID != 0 { Some(reader.client_id()?) } else { None },
        resend: bits & RESEND != 0,
        message_id: reader.id(MessageId::new)?,
        created_at: reader.time()?,
        fingerprint: Fingerprint(reader.array().map(u128::from_be_bytes)?),
        after: if bits & HAS_AFTER != 0 { Some(reader.seq()?) } else { None },
        limits: RuleLimits {
            group_members: reader.u32()?,
            encrypted_group_members: reader.u32()?,
            reaction_keys: reader.u32()?,
        },
        ask: read_ask(&mut reader, bits & 0x0f)?,
    };
    reader.end()?;
    Ok(record)
}

const fn ask_code(ask: &Ask) -> u8 {
    match ask {
        Ask::Create { .. } => 0,
        Ask::Message { .. } => 1,
        Ask::Edit { .. } => 2,
        Ask::Delete { .. } => 3,
        Ask::React { .. } => 4,
        Ask::Add { .. } => 5,
        Ask::Remove { .. } => 6,
        Ask::SetRole { .. } => 7,
        Ask::Update { .. } => 8,
        Ask::Mls { .. } => 9,
        Ask::Notice { .. } => 10,
    }
}

fn put_users(out: &mut Vec<u8>, users: &[UserId]) {
    put_len(out, users.len());
    users.iter().for_each(|user| put_id(out, user.get()));
}

fn put_ask(out: &mut Vec<u8>, ask: &Ask) {
    match ask {
        Ask::Create { title, members, encryption, history } => {
            out.push(settings_bits(Some(*encryption), Some(*history), None, title.is_some()));
            title.iter().for_each(|title| put_name(out, title));
            put_users(out, members);
        }
        Ask::Message { content, reply_to } => {
            put_opt_int(out, reply_to.map(|seq| seq.get()));
            put_content(out, Some(content));
        }
        Ask::Edit { target, content } => {
            put_seq(out, *target);
            put_content(out, Some(content));
        }
        Ask::Delete { target } => put_seq(out, *target),
        Ask::React { target, key, on } => {
            put_seq(out, *target);
            out.push(u8::from(*on));
            put_bytes(out, key.as_str().as_bytes());
        }
        Ask::Add { users } => put_users(out, users),
        Ask::Remove { user } => put_id(out, user.get()),
        Ask::SetRole { user, role } => {
            put_id(out, user.get());
            out.push(role_code(*role));
        }
        Ask::Update { title, history, who_may_add } => {
            out.push(settings_bits(None, *history, *who_may_add, title.is_some()));
            title.iter().for_each(|title| put_name(out, title));
        }
        Ask::Mls { changes, data } => {
            put_changes(out, changes);
            put_content(out, Some(data));
        }
        Ask::Notice { notice, data } => {
            out.push(notice_code(*notice));
            put_content(out, Some(data));
        }
    }
}

fn read_ask(reader: &mut Reader<'_>, code: u8) -> Result<Ask, StoredError> {
    Ok(match code {
        0 => read_create(reader)?,
        1 => Ask::Message { reply_to: reader.opt_seq()?, content: reader.data()? },
        2 => Ask::Edit { target: reader.seq()?, content: reader.data()? },
        3 => Ask::Delete { target: reader.seq()? },
        4 => Ask::React { target: reader.seq()?, on: reader.flag()?, key: reader.reaction_key()? },
        5 => Ask::Add { users: reader.many(8, |reader| reader.id(UserId::new))? },
        6 => Ask::Remove { user: reader.id(UserId::new)? },
        7 => Ask::SetRole { user: reader.id(UserId::new)?, role: role_of(reader.byte()?)? },
        8 => read_update(reader)?,
        9 => Ask::Mls { changes: reader.changes()?, data: reader.data()? },
        10 => Ask::Notice { notice: notice_of(reader.byte()?)?, data: reader.data()? },
        _ => return Err(StoredError::Damaged("an unknown kind of record")),
    })
}

fn read_create(reader: &mut Reader<'_>) -> Result<Ask, StoredError> {
    let bits = reader.settings_bits()?;
    let (Some(encryption), Some(history), None) = (bits.encryption, bits.history, bits.who_may_add) else {
        return Err(StoredError::Damaged("not the settings of a beginning"));
    };
    let title = if bits.title { Some(reader.name()?) } else { None };
    Ok(Ask::Create { title, members: reader.many(8, |reader| reader.id(UserId::new))?, encryption, history })
}

fn read_update(reader: &mut Reader<'_>) -> Result<Ask, StoredError> {
    let bits = reader.settings_bits()?;
    if bits.encryption.is_some() {
        return Err(StoredError::Damaged("encryption does not change"));
    }
    let title = if bits.title { Some(reader.name()?) } else { None };
    Ok(Ask::Update { title, history: bits.history, who_may_add: bits.who_may_add })
}
