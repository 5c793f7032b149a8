//! An entry: a record that was accepted and given its seq, as every client sees it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::content::Content;
use crate::ids::{ChatId, ClientMessageId, DeviceId, MessageId, ReactionKey, Seq, UserId};
use crate::text::Name;
use crate::time::Timestamp;

/// The version of entries that this code writes.
pub const ENTRY_VERSION: u16 = 1;

/// What a member may do in a group; both users of a direct chat are `member`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sends, reacts, leaves.
    Member,
    /// Adds and removes members, sets the title, deletes others' messages.
    Admin,
    /// Everything.
    Owner,
}

/// What happened to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MembershipChange {
    /// Became a member, with `role`.
    Added,
    /// Was removed by another.
    Removed,
    /// Left.
    Left,
    /// Has another `role` now.
    Role,
}

/// One change of a `member` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    /// Whom it concerns.
    pub user_id: UserId,
    /// What happened.
    pub change: MembershipChange,
    /// The role he has now, for `added` and `role`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A founder in a group's first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Founder {
    /// The user.
    pub user_id: UserId,
    /// His role.
    pub role: Role,
}

/// Whether a chat's content is end-to-end encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Readable by the server.
    #[default]
    None,
    /// MLS (RFC 9420); never goes back.
    Mls,
}

/// What a new member sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum History {
    /// From his own `member` entry on.
    #[default]
    Joined,
    /// Everything.
    All,
}

/// Who may add members to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum WhoMayAdd {
    /// Owners and admins.
    #[default]
    Admins,
    /// Every member.
    Members,
}

/// The members of a `chat` entry: what is set by it. The first entry of a group names the founders.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ChatChange {
    /// The title.
    pub title: Option<Name>,
    /// The founders, the creator first.
    pub members: Option<Vec<Founder>>,
    /// Set by the first entry of a group alone.
    pub encryption: Option<Encryption>,
    /// What new members see from now on.
    pub history: Option<History>,
    /// Who may add members from now on.
    pub who_may_add: Option<WhoMayAdd>,
}

/// The kinds of notice that an inbox takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// An MLS Welcome waits.
    Welcome,
    /// An invitation.
    Invite,
    /// A device of the user was linked or revoked.
    Device,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A message; `content` is `None` once it was deleted.
    Message {
        /// The content.
        content: Option<Content>,
        /// The message that this one answers.
        reply_to: Option<Seq>,
    },
    /// Another content for an earlier message; `None` once that was deleted.
    Edit {
        /// The message.
        target: Seq,
        /// Its new content.
        content: Option<Content>,
    },
    /// The deletion of an earlier message.
    Delete {
        /// The message.
        target: Seq,
    },
    /// A reaction to an earlier message, set or taken back.
    Reaction {
        /// The message.
        target: Seq,
        /// What it says.
        key: ReactionKey,
        /// Whether it stands.
        on: bool,
    },
    /// Changes of membership and roles.
    Member {
        /// The changes, in order.
        changes: Vec<MemberChange>,
    },
    /// A group's beginning, or a change of its settings.
    Chat(ChatChange),
    /// An MLS record of an encrypted chat with the changes of membership bound to it.
    Mls {
        /// Changes of the server's member list that go with it.
        changes: Vec<MemberChange>,
        /// Opaque to the server.
        data: Content,
    },
    /// A notice in an inbox.
    Notice {
        /// Which.
        notice: Notice,
        /// Opaque to the ledger.
        data: Content,
    },
    /// A kind this code does not know: it advances seq and shows nothing.
    Unknown {
        /// The kind's name.
        kind: Box<str>,
    },
}

/// The kind of an inbox notice as it travels.
impl Notice {
    /// The entry kind.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Invite => "invite",
            Self::Device => "device",
        }
    }
}

impl Body {
    /// The entry's `kind`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Message { .. } => "message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Reaction { .. } => "reaction",
            Self::Member { .. } => "member",
            Self::Chat(_) => "chat",
            Self::Mls { .. } => "mls",
            Self::Notice { notice, .. } => notice.kind(),
            Self::Unknown { kind } => kind,
        }
    }
}

/// An accepted record. Inside its chat it is addressed by `seq`; seqs are 1, 2, 3 … without a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry's version.
    pub v: u16,
    /// The chat.
    pub chat_id: ChatId,
    /// The place in the chat.
    pub seq: Seq,
    /// Number of messages up to and with this entry.
    pub n: u64,
    /// Global label.
    pub message_id: MessageId,
    /// Who asked for it.
    pub sender_id: UserId,
    /// With which device.
    pub device_id: DeviceId,
    /// The client's own id, if it gave one and the viewer may see it.
    pub client_message_id: Option<ClientMessageId>,
    /// When the server took it; need not rise with seq.
    pub created_at: Timestamp,
    /// In encrypted chats the seq of the chat's last MLS commit record when this was written.
    pub after: Option<Seq>,
    /// In encrypted chats: SHA-256 of the RFC 8785 form of the content (of the kind's own members
    /// where there is none); it outlives the content.
    pub digest: Option<[u8; 32]>,
    /// What it says.
    pub body: Body,
}

/// For whom an entry is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// A device of the sender: sees the `clientMessageId`.
    Sender,
    /// Anyone else: sees it in encrypted chats only, where it is part of what is signed.
    Other,
}

/// An entry's members as they stand in JSON, all in one flat object.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wire {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    frame: Option<std::borrow::Cow<'static, str>>,
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
    /// The entry as `{type: "entry", …}`, a whole frame for a live connection.
    pub fn to_frame(&self, viewer: Viewer) -> String {
        let mut wire = self.to_wire(viewer);
        wire.frame = Some("entry".into());
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// The entry as `viewer` sees it: the client's own id shown or left out.
    #[must_use]
    pub fn seen_by(&self, viewer: UserId) -> Self {
        let mut entry = self.clone();
        if viewer != self.sender_id && self.digest.is_none() {
            entry.client_message_id = None;
        }
        entry
    }

    /// Without its content, as it stands after a delete.
    #[must_use]
    pub fn wiped(&self) -> Self {
        let mut entry = self.clone();
        if let Body::Message { content, .. } | Body::Edit { content, .. } = &mut entry.body {
            *content = None;
        }
        entry
    }

    fn to_wire(&self, viewer: Viewer) -> Wire {
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
