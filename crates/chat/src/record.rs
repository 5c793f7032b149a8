//! A record: what a device asks for. It carries everything that the decision needs from outside.

use chinwag_proto::entry::{Encryption, History, Notice, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{
    ChatId, ClientMessageId, Content, DeviceId, Limits, MemberChange, MessageId, ReactionKey, Role, Seq,
    Timestamp, UserId,
};

use crate::fingerprint::Fingerprint;

/// The version of records that this code writes.
pub const RECORD_VERSION: u16 = 1;

/// What a device asks of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record's version.
    pub v: u16,
    /// The chat.
    pub chat: ChatId,
    /// Who asks.
    pub sender: UserId,
    /// With which device.
    pub device: DeviceId,
    /// The client's own id; `None` where the client gave none (then it is never recognised again).
    pub id: Option<ClientMessageId>,
    /// Whether the client says that it may have asked before: all ids of the chat are looked up then,
    /// else those of its last 256 entries.
    pub resend: bool,
    /// The entry's global label, from the id generator.
    pub message_id: MessageId,
    /// When the server took it.
    pub created_at: Timestamp,
    /// Keyed hash of the request in RFC 8785 form: two requests are the same where these are equal.
    pub fingerprint: Fingerprint,
    /// In encrypted chats: seq of the chat's last MLS commit record as the client knows it.
    pub after: Option<Seq>,
    /// The limits in force where the record was taken: a decision never reads a setting.
    pub limits: RuleLimits,
    /// What is asked.
    pub ask: Ask,
}

/// The limits that a decision holds a record against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleLimits {
    /// Members of a plain group.
    pub group_members: u32,
    /// Members of an encrypted group.
    pub encrypted_group_members: u32,
    /// Reaction keys of one message.
    pub reaction_keys: u32,
}

impl From<&Limits> for RuleLimits {
    fn from(limits: &Limits) -> Self {
        let narrow = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            group_members: narrow(limits.group_members),
            encrypted_group_members: narrow(limits.encrypted_group_members),
            reaction_keys: narrow(limits.reaction_keys),
        }
    }
}

/// The kinds of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Begin a group; only as its first record.
    Create {
        /// The title; none in encrypted groups.
        title: Option<Name>,
        /// The founders beside the sender, who is the owner.
        members: Vec<UserId>,
        /// Whether the content is encrypted.
        encryption: Encryption,
        /// What new members see.
        history: History,
    },
    /// Say something.
    Message {
        /// The content.
        content: Content,
        /// The message that this one answers.
        reply_to: Option<Seq>,
    },
    /// Change what was said.
    Edit {
        /// The message.
        target: Seq,
        /// Its new content.
        content: Content,
    },
    /// Take back what was said.
    Delete {
        /// The message.
        target: Seq,
    },
    /// React, or take a reaction back.
    React {
        /// The message.
        target: Seq,
        /// What it says.
        key: ReactionKey,
        /// Whether it stands.
        on: bool,
    },
    /// Make users members; who is one already is passed over.
    Add {
        /// The users.
        users: Vec<UserId>,
    },
    /// Remove a member; the sender himself leaves.
    Remove {
        /// The member.
        user: UserId,
    },
    /// Give a member a role.
    SetRole {
        /// The member.
        user: UserId,
        /// The role.
        role: Role,
    },
    /// Change title or settings.
    Update {
        /// The title.
        title: Option<Name>,
        /// What new members see from now on.
        history: Option<History>,
        /// Who may add members from now on.
        who_may_add: Option<WhoMayAdd>,
    },
    /// An MLS record, with the changes of membership bound to it. Nothing of MLS is parsed.
    Mls {
        /// Changes of membership (`added`, `removed`, `role`).
        changes: Vec<MemberChange>,
        /// Opaque.
        data: Content,
    },
    /// Put a notice into an inbox; the server alone makes these, through checked routes.
    Notice {
        /// Which.
        notice: Notice,
        /// Opaque.
        data: Content,
    },
}
