//! An entry as it stands in JSON: all members in one flat object, those of its kind among them.
//!
//! Also the digest, which is taken over a part of that object.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Body, ChatChange, Encryption, Entry, Founder, History, MemberChange, Notice, Viewer, WhoMayAdd};
use crate::content::{Content, canonical_json};
use crate::ids::{ChatId, ClientMessageId, DeviceId, MessageId, ReactionKey, Seq, UserId};
use crate::text::Name;
use crate::time::Timestamp;

/// An entry's members as they stand in JSON, all in one flat object.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(super) frame: Option<std::borrow::Cow<'static, str>>,
    v: u16,
    chat_id: ChatId,
    seq: Seq,
    n: u64,
    message_id: MessageId,
    kind: std::borrow::Cow<'static, str>,
    sender_id: UserId,
    device_id: DeviceId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_message_id: Option<ClientMessageId>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<ReactionKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<MemberChange>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<Vec<Founder>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<History>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who_may_add: Option<WhoMayAdd>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    content: Option<Option<Content>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Content>,
}

/// Tells a member that is null from one that is absent.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Content>>, D::Error> {
    let content = Content::deserialize(deserializer)?;
    Ok(Some((content.json() != "null").then_some(content)))
}

impl Entry {
    pub(super) fn to_wire(&self, viewer: Viewer) -> Wire {
        let shown = viewer == Viewer::Sender || self.digest.is_some();
        let mut wire = Wire {
            frame: None,
            v: self.v,
            chat_id: self.chat_id,
            seq: self.seq,
            n: self.n,
            message_id: self.message_id,
            kind: std::borrow::Cow::Borrowed(""),
            sender_id: self.sender_id,
            device_id: self.device_id,
            client_message_id: self.client_message_id.clone().filter(|_| shown),
            created_at: self.created_at,
            after: self.after,
            digest: self.digest.map(|digest| hex(&digest)),
            target: None,
            reply_to: None,
            key: None,
            on: None,
            changes: None,
            title: None,
            members: None,
            encryption: None,
            history: None,
            who_may_add: None,
            content: None,
            data: None,
        };
        wire.set_body(&self.body);
        wire
    }
}

impl Wire {
    fn set_body(&mut self, body: &Body) {
        self.kind = match body {
            Body::Message { .. } => "message".into(),
            Body::Edit { .. } => "edit".into(),
            Body::Delete { .. } => "delete".into(),
            Body::Reaction { .. } => "reaction".into(),
            Body::Member { .. } => "member".into(),
            Body::Chat(_) => "chat".into(),
            Body::Mls { .. } => "mls".into(),
            Body::Notice { notice, .. } => notice.kind().into(),
            Body::Unknown { kind } => kind.to_string().into(),
        };
        match body {
            Body::Message { content, reply_to } => {
                self.content = Some(content.clone());
                self.reply_to = *reply_to;
            }
            Body::Edit { target, content } => {
                self.content = Some(content.clone());
                self.target = Some(*target);
            }
            Body::Delete { target } => self.target = Some(*target),
            Body::Reaction { target, key, on } => {
                self.target = Some(*target);
                self.key = Some(key.clone());
                self.on = Some(*on);
            }
            Body::Member { changes } => self.changes = Some(changes.clone()),
            Body::Chat(change) => {
                self.title = change.title.clone();
                self.members = change.members.clone();
                self.encryption = change.encryption;
                self.history = change.history;
                self.who_may_add = change.who_may_add;
            }
            Body::Mls { changes, data } => {
                self.changes = (!changes.is_empty()).then(|| changes.clone());
                self.data = Some(data.clone());
            }
            Body::Notice { data, .. } => self.data = Some(data.clone()),
            Body::Unknown { .. } => {}
        }
    }

    /// What the members of the wire form say; `None` where the kind lacks one of its own.
    fn take_body(&mut self) -> Option<Body> {
        Some(match &*self.kind {
            "message" => Body::Message { content: self.content.take()?, reply_to: self.reply_to },
            "edit" => Body::Edit { target: self.target?, content: self.content.take()? },
            "delete" => Body::Delete { target: self.target? },
            "reaction" => Body::Reaction { target: self.target?, key: self.key.take()?, on: self.on? },
            "member" => Body::Member { changes: self.changes.take()? },
            "chat" => Body::Chat(ChatChange {
                title: self.title.take(),
                members: self.members.take(),
                encryption: self.encryption,
                history: self.history,
                who_may_add: self.who_may_add,
            }),
            "mls" => Body::Mls { changes: self.changes.take().unwrap_or_default(), data: self.data.take()? },
            "welcome" => Body::Notice { notice: Notice::Welcome, data: self.data.take()? },
            "invite" => Body::Notice { notice: Notice::Invite, data: self.data.take()? },
            "device" => Body::Notice { notice: Notice::Device, data: self.data.take()? },
            kind => Body::Unknown { kind: kind.into() },
        })
    }
}

/// The members that every entry has, whatever its kind.
const HEADER: &[&str] = &[
    "v",
    "chatId",
    "seq",
    "n",
    "messageId",
    "kind",
    "senderId",
    "deviceId",
    "clientMessageId",
    "createdAt",
    "after",
    "digest",
];

/// SHA-256 of what the kind says, in RFC 8785 form: of the content where there is one, else of the
/// object of the kind's own members. `None` once the content was wiped.
pub(super) fn digest(entry: &Entry) -> Option<[u8; 32]> {
    let bytes = match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref()?.canonical(),
        _ => {
            let mut object = serde_json::to_value(entry.to_wire(Viewer::Sender)).ok()?;
            object.as_object_mut()?.retain(|member, _| !HEADER.contains(&member.as_str()));
            canonical_json(&object.to_string())
        }
    };
    Some(Sha256::digest(bytes).into())
}

impl TryFrom<Wire> for Entry {
    type Error = &'static str;

    fn try_from(mut wire: Wire) -> Result<Self, Self::Error> {
        let digest = match wire.digest.as_deref() {
            None => None,
            Some(text) => Some(unhex(text).ok_or("digest is 64 hexadecimal digits")?),
        };
        let body = wire.take_body().ok_or("the entry lacks a member of its kind")?;
        Ok(Self {
            v: wire.v,
            chat_id: wire.chat_id,
            seq: wire.seq,
            n: wire.n,
            message_id: wire.message_id,
            sender_id: wire.sender_id,
            device_id: wire.device_id,
            client_message_id: wire.client_message_id,
            created_at: wire.created_at,
            after: wire.after,
            digest,
            body,
        })
    }
}

/// Prints all members, the `clientMessageId` included: use [`Entry::seen_by`] first.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_wire(Viewer::Sender).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Entry {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Wire::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Entry {
    fn name() -> std::borrow::Cow<'static, str> {
        "Entry".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        Wire::schemas(schemas);
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
