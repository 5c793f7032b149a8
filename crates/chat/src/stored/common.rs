//! Parts that several layouts share: ids, times, names, contents, roles and changes of membership.

use chinwag_proto::entry::{Encryption, History, Notice, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{
    ChatId, ClientMessageId, Content, MemberChange, MembershipChange, ReactionKey, Role, Seq, Timestamp,
    UserId,
};

use super::StoredError;
use super::bytes::{Reader, put_bytes, put_int, put_len, put_sint};
use super::key::{ChatKey, chat_key};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn put_seq(out: &mut Vec<u8>, seq: Seq) {
    put_int(out, seq.get());
}

pub(super) fn put_id(out: &mut Vec<u8>, id: u64) {
    out.extend_from_slice(&id.to_be_bytes());
}

pub(super) fn put_chat(out: &mut Vec<u8>, chat: ChatId) {
    out.extend_from_slice(chat_key(chat).as_bytes());
}

pub(super) fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    put_sint(out, time.as_ms());
}

pub(super) fn put_content(out: &mut Vec<u8>, content: Option<&Content>) {
    put_len(out, content.map_or(0, |content| content.json().len().saturating_add(1)));
    out.extend_from_slice(content.map_or(&[], |content| content.json().as_bytes()));
}

/// A text of 64 different characters, 6 bits each: its length, then the bits, the last byte filled with zeros.
pub(super) fn put_client_id(out: &mut Vec<u8>, id: &ClientMessageId) {
    let text = id.as_str().as_bytes();
    put_len(out, text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in text {
        let place = ALPHABET.iter().position(|known| known == character).unwrap_or_default();
        bits = (bits << 6) | place as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    if held > 0 {
        out.push((bits << (8 - held)) as u8);
    }
}

pub(super) fn put_changes(out: &mut Vec<u8>, changes: &[MemberChange]) {
    put_len(out, changes.len());
    for change in changes {
        put_id(out, change.user_id.get());
        let what = match change.change {
            MembershipChange::Added => 0,
            MembershipChange::Removed => 1,
            MembershipChange::Left => 2,
            MembershipChange::Role => 3,
        };
        out.push(what << 2 | change.role.map_or(0, |role| role_code(role) + 1));
    }
}

pub(super) fn put_name(out: &mut Vec<u8>, name: &Name) {
    put_bytes(out, name.as_str().as_bytes());
}

pub(super) const fn role_code(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Admin => 1,
        Role::Owner => 2,
    }
}

pub(super) const fn notice_code(notice: Notice) -> u8 {
    match notice {
        Notice::Welcome => 0,
        Notice::Invite => 1,
        Notice::Device => 2,
    }
}

/// Two bits each, 0 for none: encryption, history, whoMayAdd, and whether there is a title.
pub(super) fn settings_bits(
    encryption: Option<Encryption>,
    history: Option<History>,
    who_may_add: Option<WhoMayAdd>,
    title: bool,
) -> u8 {
    let encryption = encryption.map_or(0, |value| 1 + u8::from(value == Encryption::Mls));
    let history = history.map_or(0, |value| 1 + u8::from(value == History::All));
    let who_may_add = who_may_add.map_or(0, |value| 1 + u8::from(value == WhoMayAdd::Members));
    encryption | history << 2 | who_may_add << 4 | u8::from(title) << 6
}

/// What [`settings_bits`] made.
pub(super) struct SettingsBits {
    pub(super) encryption: Option<Encryption>,
    pub(super) history: Option<History>,
    pub(super) who_may_add: Option<WhoMayAdd>,
    pub(super) title: bool,
}

fn choice<T>(bits: u8, first: T, second: T) -> Result<Option<T>, StoredError> {
    match bits & 3 {
        0 => Ok(None),
        1 => Ok(Some(first)),
        2 => Ok(Some(second)),
        _ => Err(StoredError::Damaged("an unknown setting")),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn seq(&mut self) -> Result<Seq, StoredError> {
        Seq::new(self.int()?).ok_or(StoredError::Damaged("a seq above 2^53"))
    }

    pub(super) fn opt_seq(&mut self) -> Result<Option<Seq>, StoredError> {
        let seq = |number| Seq::new(number).ok_or(StoredError::Damaged("a seq above 2^53"));
        self.opt_int()?.map(seq).transpose()
    }

    /// An id of one of the number types: `read(UserId::new)`.
    pub(super) fn id<T>(&mut self, new: impl Fn(u64) -> Option<T>) -> Result<T, StoredError> {
        new(self.u64()?).ok_or(StoredError::Damaged("an id out of range"))
    }

    pub(super) fn chat(&mut self) -> Result<ChatId, StoredError> {
        let kind = self.byte()?;
        let length = ChatKey::length(kind).ok_or(StoredError::Damaged("an unknown kind of chat"))?;
        let mut key = [kind; ChatKey::BYTES_MAX];
        let key = key.get_mut(..length).ok_or(StoredError::Short)?;
        key.get_mut(1..).ok_or(StoredError::Short)?.copy_from_slice(self.take(length.saturating_sub(1))?);
        ChatKey::parse(key).ok_or(StoredError::Damaged("no chat id"))
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, StoredError> {
        let ms = self.sint()?;
        let time = Timestamp::from_ms(ms);
        if time.as_ms() == ms { Ok(time) } else { Err(StoredError::Damaged("a time out of range")) }
    }

    pub(super) fn content(&mut self) -> Result<Option<Content>, StoredError> {
        let Some(length) = self.opt_int()? else { return Ok(None) };
        let json = self.text_of(length)?;
        Content::from_json(json.to_owned())
            .filter(|content| content.json().len() == json.len())
            .map(Some)
            .ok_or(StoredError::Damaged("content that is no JSON"))
    }

    /// Content that has to be there.
    pub(super) fn data(&mut self) -> Result<Content, StoredError> {
        self.content()?.ok_or(StoredError::Damaged("content is missing"))
    }

    pub(super) fn client_id(&mut self) -> Result<ClientMessageId, StoredError> {
        let damaged = StoredError::Damaged("no clientMessageId");
        let length = usize::try_from(self.int()?).ok().filter(|length| *length <= 64).ok_or(damaged)?;
        let packed = self.take((length * 6).div_ceil(8))?;
        let mut text = String::with_capacity(length);
        let (mut bits, mut held) = (0_u32, 0_u32);
        for byte in packed {
            bits = (bits << 8) | u32::from(*byte);
            held += 8;
            while held >= 6 && text.len() < length {
                held -= 6;
                let place = (bits >> held) & 0x3f;
                text.push(char::from(*ALPHABET.get(place as usize).ok_or(damaged)?));
            }
        }
        if bits & ((1 << held) - 1) != 0 {
            return Err(damaged);
        }
        text.parse().map_err(|_| damaged)
    }

    pub(super) fn name(&mut self) -> Result<Name, StoredError> {
        self.text()?.parse().map_err(|_| StoredError::Damaged("no name"))
    }

    pub(super) fn reaction_key(&mut self) -> Result<ReactionKey, StoredError> {
        self.text()?.parse().map_err(|_| StoredError::Damaged("no reaction key"))
    }

    pub(super) fn changes(&mut self) -> Result<Vec<MemberChange>, StoredError> {
        self.many(9, |reader| {
            let user_id = reader.id(UserId::new)?;
            let bits = reader.byte()?;
            let change = match bits >> 2 {
                0 => MembershipChange::Added,
                1 => MembershipChange::Removed,
                2 => MembershipChange::Left,
                3 => MembershipChange::Role,
                _ => return Err(StoredError::Damaged("an unknown change of membership")),
            };
            let role = (bits & 3).checked_sub(1).map(role_of).transpose()?;
            Ok(MemberChange { user_id, change, role })
        })
    }

    pub(super) fn flag(&mut self) -> Result<bool, StoredError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoredError::Damaged("neither yes nor no")),
        }
    }

    pub(super) fn settings_bits(&mut self) -> Result<SettingsBits, StoredError> {
        let bits = self.byte()?;
        if bits >> 7 != 0 {
            return Err(StoredError::Damaged("an unknown setting"));
        }
        Ok(SettingsBits {
            encryption: choice(bits, Encryption::None, Encryption::Mls)?,
            history: choice(bits >> 2, History::Joined, History::All)?,
            who_may_add: choice(bits >> 4, WhoMayAdd::Admins, WhoMayAdd::Members)?,
            title: bits >> 6 & 1 == 1,
        })
    }
}

pub(super) fn role_of(code: u8) -> Result<Role, StoredError> {
    match code {
        0 => Ok(Role::Member),
        1 => Ok(Role::Admin),
        2 => Ok(Role::Owner),
        _ => Err(StoredError::Damaged("an unknown role")),
    }
}

pub(super) fn notice_of(code: u8) -> Result<Notice, StoredError> {
    match code {
        0 => Ok(Notice::Welcome),
        1 => Ok(Notice::Invite),
        2 => Ok(Notice::Device),
        _ => Err(StoredError::Damaged("an unknown notice")),
    }
}
