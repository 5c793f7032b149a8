//! An entry: a record that was accepted and given its seq, as every client sees it.

mod wire;

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::ids::{ChatId, ClientMessageId, DeviceId, MessageId, ReactionKey, Seq, UserId};
use crate::text::Name;
use crate::time::Timestamp;

/// The version of entries that this code writes.
pub const ENTRY_VERSION: u16 = 1;

/// What a member may do in a group; both users of a direct chat are `member`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum Role {
    /// Sends, reacts, leaves.
    Member,
    /// Adds and removes members, sets the title, deletes others' messages.
    Admin,
    /// Everything.
    Owner,
}

crate::text::words!(Role { Member = "member", Admin = "admin", Owner = "owner" });

/// What happened to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
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

crate::text::words!(MembershipChange { Added = "added", Removed = "removed", Left = "left", Role = "role" });

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum Encryption {
    /// Readable by the server.
    #[default]
    None,
    /// MLS (RFC 9420); never goes back.
    Mls,
}

crate::text::words!(Encryption { None = "none", Mls = "mls" });

/// What a new member sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum History {
    /// From his own `member` entry on.
    #[default]
    Joined,
    /// Everything.
    All,
}

crate::text::words!(History { Joined = "joined", All = "all" });

/// Who may add members to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum WhoMayAdd {
    /// Owners and admins.
    #[default]
    Admins,
    /// Every member.
    Members,
}

crate::text::words!(WhoMayAdd { Admins = "admins", Members = "members" });

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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
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

crate::text::words!(Notice { Welcome = "welcome", Invite = "invite", Device = "device" });

impl Notice {
    /// The entry kind.
    pub const fn kind(self) -> &'static str {
        self.as_str()
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

    /// What `digest` is in an encrypted chat; `None` once the content was wiped.
    pub fn compute_digest(&self) -> Option<[u8; 32]> {
        wire::digest(self)
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
}
