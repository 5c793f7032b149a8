//! A whole snapshot of members, roles and settings.
//!
//! Layout 1: version 1 · settings byte and title as in an entry of kind `chat` · members: count int, each, in
//! the order of user ids: user int (less the one before) · a byte: role (bits 0–1), `since` is `joined` (bit 2), `since` is 1
//! and not `joined` (bit 3) · joined int · since int (unless bit 2 or 3) · joinedAt sint, ms (less the one before) · former members: count
//! int, each, in the order of user ids: user int (less the one before) · the entry that ended it int.

use std::collections::BTreeMap;

use chinwag_proto::{Seq, Timestamp, UserId};

use super::StoredError;
use super::bytes::{Reader, put_int, put_len, put_sint};
use super::common::{put_name, put_seq, role_code, role_of, settings_bits};
use crate::state::{MemberState, Settings, State};

const LAYOUT: u8 = 1;
const SINCE_JOINED: u8 = 1 << 2;
const SINCE_FIRST: u8 = 1 << 3;
const FIRST: Seq = Seq::ZERO.next();

/// Appends a state's bytes.
pub fn encode_state(state: &State, out: &mut Vec<u8>) {
    let settings = &state.settings;
    out.push(LAYOUT);
    out.push(settings_bits(
        Some(settings.encryption),
        Some(settings.history),
        Some(settings.who_may_add),
        settings.title.is_some(),
    ));
    if let Some(title) = &settings.title {
        put_name(out, title);
    }
    put_len(out, state.members.len());
    let (mut last_user, mut last_ms) = (0, 0);
    for (user, member) in &state.members {
        put_int(out, user.get().saturating_sub(last_user));
        put_member(out, member);
        put_sint(out, member.joined_at.as_ms().saturating_sub(last_ms));
        (last_user, last_ms) = (user.get(), member.joined_at.as_ms());
    }
    put_len(out, state.former.len());
    last_user = 0;
    for (user, seq) in &state.former {
        put_int(out, user.get().saturating_sub(last_user));
        put_seq(out, *seq);
        last_user = user.get();
    }
}

/// Reads a state back.
pub fn decode_state(bytes: &[u8]) -> Result<State, StoredError> {
    let mut reader = Reader::versioned(bytes, LAYOUT)?;
    let missing = StoredError::Damaged("a setting is missing");
    let bits = reader.settings_bits()?;
    let settings = Settings {
        title: if bits.title { Some(reader.name()?) } else { None },
        encryption: bits.encryption.ok_or(missing)?,
        history: bits.history.ok_or(missing)?,
        who_may_add: bits.who_may_add.ok_or(missing)?,
    };
    let (mut last_user, mut last_ms) = (0, 0);
    let members = reader.many(4, |reader| {
        let user = read_user(reader, &mut last_user)?;
        let member = read_member(reader, &mut last_ms)?;
        Ok((user, member))
    })?;
    let mut last_user = 0;
    let former = reader.many(2, |reader| Ok((read_user(reader, &mut last_user)?, reader.seq()?)))?;
    reader.end()?;
    Ok(State { members: members.into_iter().collect(), former: BTreeMap::from_iter(former), settings })
}

fn put_member(out: &mut Vec<u8>, member: &MemberState) {
    let since = match member.since {
        since if since == member.joined => SINCE_JOINED,
        FIRST => SINCE_FIRST,
        _ => 0,
    };
    out.push(role_code(member.role) | since);
    put_seq(out, member.joined);
    if since == 0 {
        put_seq(out, member.since);
    }
}

/// The next user: ids rise, so that none stands twice.
fn read_user(reader: &mut Reader<'_>, last: &mut u64) -> Result<UserId, StoredError> {
    let step = reader.int()?;
    let user = last.checked_add(step).filter(|_| step > 0).and_then(UserId::new);
    let user = user.ok_or(StoredError::Damaged("user ids out of order"))?;
    *last = user.get();
    Ok(user)
}

fn read_member(reader: &mut Reader<'_>, last_ms: &mut i64) -> Result<MemberState, StoredError> {
    let bits = reader.byte()?;
    let role = role_of(bits & 3)?;
    let joined = reader.seq()?;
    let since = match bits & !3 {
        SINCE_JOINED => joined,
        SINCE_FIRST => FIRST,
        0 => reader.seq()?,
        _ => return Err(StoredError::Damaged("an unknown member")),
    };
    let short = since != joined && since != FIRST;
    if (bits & !3 == 0) != short || (bits & SINCE_FIRST != 0 && joined == FIRST) {
        return Err(StoredError::Damaged("a member in a longer form"));
    }
    let ms = last_ms.checked_add(reader.sint()?).ok_or(StoredError::Damaged("a time out of range"))?;
    let joined_at = Timestamp::from_ms(ms);
    if joined_at.as_ms() != ms {
        return Err(StoredError::Damaged("a time out of range"));
    }
    *last_ms = ms;
    Ok(MemberState { role, since, joined, joined_at })
}
