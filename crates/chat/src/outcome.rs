//! What becomes of a record.

use chinwag_proto::{Code, Entry, Seq};

/// The outcome of applying a record. Only `Accepted` changes the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The record is an entry now; whoever applied it makes it durable before anyone hears of it.
    Accepted(Entry),
    /// It was one already (or deletes what is deleted): the seq of that entry.
    Duplicate {
        /// Where the first result stands.
        seq: Seq,
    },
    /// It may not be; no seq is consumed.
    Rejected(Refusal),
}

/// Why a record was refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The chat does not exist for the sender.
    #[error("there is no such chat")]
    NoChat,
    /// The sender was a member once.
    #[error("you are no longer a member of this chat")]
    NotMember,
    /// The message is not there, is no message, is deleted, or lies before what the sender may see.
    #[error("there is no such message in this chat")]
    NoTarget,
    /// The user named is no member.
    #[error("that user is no member of this chat")]
    NoSuchMember,
    /// The sender's role does not allow it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The chat is encrypted: plain content, plain titles and membership changes without their commit
    /// are refused.
    #[error(
        "this chat is encrypted: send sealed content that names `after`, and membership changes with their MLS commit"
    )]
    EncryptionRequired,
    /// `after` is not the seq of the chat's last MLS commit record.
    #[error("the chat's encryption has moved on: sync, then send again with the new `after`")]
    StaleEpoch {
        /// The seq of the chat's last MLS commit record.
        after: Seq,
    },
    /// The client's id was used for another request.
    #[error("this clientMessageId was used for another request in this chat; use a new one")]
    IdempotencyConflict,
    /// The group would grow beyond its limit.
    #[error("the group would have more members than the limit of {limit}")]
    TooManyMembers {
        /// The limit.
        limit: usize,
    },
    /// The request makes no sense here.
    #[error("{0}")]
    Invalid(&'static str),
}

impl Refusal {
    /// The stable code that travels.
    pub const fn code(&self) -> Code {
        match self {
            Self::NoChat | Self::NoTarget | Self::NoSuchMember => Code::NotFound,
            Self::NotMember => Code::NotMember,
            Self::Forbidden(_) => Code::Forbidden,
            Self::EncryptionRequired => Code::EncryptionRequired,
            Self::StaleEpoch { .. } => Code::StaleEpoch,
            Self::IdempotencyConflict => Code::IdempotencyConflict,
            Self::TooManyMembers { .. } => Code::TooManyMembers,
            Self::Invalid(_) => Code::InvalidRequest,
        }
    }
}
