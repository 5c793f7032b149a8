//! What becomes of an `mls` record: words that are stable, and the table of the MLS library's errors.
//!
//! *Void* is the same for everybody: it follows from the public state before the record and the record
//! alone. *Out of step* is this device's own: the record counts, but this device cannot follow it.

use openmls::group::{ProcessMessageError, StageCommitError, ValidationError};

/// Gives an enum without fields a stable word for each variant.
macro_rules! stable_words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word, for logs and counters.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use stable_words;

/// Why a record does not count. Epoch and roster stay as they are; the timeline names the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Void {
    /// The data is not a record of a known kind.
    Malformed,
    /// It does not stand on the chat's previous `mls` record.
    NotNext,
    /// There is a group already, or there is none yet.
    NotNow,
    /// Another group or epoch, or MLS itself refuses it: signature, membership tag, tree, proposals.
    Mls,
    /// The commit's authenticated data is not that of the record, or the record's signature is not the committer's.
    NotBound,
    /// The entry's sender or device is not the committing leaf.
    NotTheSender,
    /// A proposal by reference, a PSK, a re-initialisation, an external sender.
    ForbiddenProposal,
    /// An external commit that is no re-join.
    NotARejoin,
    /// The group's extensions were changed beyond the facts, or the facts are not valid.
    Facts,
    /// The committer's leaf changed its credential or signature key.
    LeafChanged,
    /// A leaf's credential is no certificate, or not for its signature key.
    Credential,
    /// The lifetime of a key package ends.
    Lifetime,
    /// The evidence does not hold the chain of a user that is touched, or it is not valid.
    Evidence,
    /// A chain's root is not the pinned one, or it is older than the pin, or parts from it.
    Chain,
    /// A device that is not live in its user's chain would be in the group.
    NotLive,
    /// A leaf for somebody who is no member.
    NotAMember,
    /// The committer may not add.
    MayNotAdd,
    /// The committer may not remove this member or device.
    MayNotRemove,
    /// The committer may not change roles or settings, or not so.
    MayNotChange,
    /// The changes of the server's list are not those of the roster.
    Changes,
    /// Somebody has left and is not removed.
    StillThere,
    /// Too many members, or too many devices.
    TooMany,
    /// A direct chat would not be one of its two users.
    NotDirect,
    /// A reset that is not based on what was agreed, or not by who may.
    Reset,
}

stable_words!(Void {
    Malformed = "malformed",
    NotNext = "not_next",
    NotNow = "not_now",
    Mls = "mls",
    NotBound = "not_bound",
    NotTheSender = "not_the_sender",
    ForbiddenProposal = "forbidden_proposal",
    NotARejoin = "not_a_rejoin",
    Facts = "facts",
    LeafChanged = "leaf_changed",
    Credential = "credential",
    Lifetime = "lifetime",
    Evidence = "evidence",
    Chain = "chain",
    NotLive = "not_live",
    NotAMember = "not_a_member",
    MayNotAdd = "may_not_add",
    MayNotRemove = "may_not_remove",
    MayNotChange = "may_not_change",
    Changes = "changes",
    StillThere = "still_there",
    TooMany = "too_many",
    NotDirect = "not_direct",
    Reset = "reset",
});

/// Why this device cannot follow the group. It sends nothing and re-joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutOfStep {
    /// The update path does not open with this device's keys.
    Path,
    /// The confirmation tag is another one.
    ConfirmationTag,
    /// An own commit that this device does not remember having made.
    OwnCommit,
    /// A blob of the record cannot be had.
    Blob,
    /// The keys or the state that are needed are gone.
    LostState,
}

stable_words!(OutOfStep {
    Path = "path",
    ConfirmationTag = "confirmation_tag",
    OwnCommit = "own_commit",
    Blob = "blob",
    LostState = "lost_state",
});

/// What an error of the library means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Void for everybody.
    Void,
    /// If the public part holds, it counts and this device is out of step so; else it is void.
    Private(OutOfStep),
    /// This device is no member any more.
    Evicted,
    /// The store failed: nothing was decided.
    Store,
}

/// The table. Whatever could depend on this device's own secrets is [`Meaning::Private`]: then the public
/// part alone decides between void and out of step, with [`openmls::group::PublicGroup`].
pub(crate) fn meaning<E>(error: &ProcessMessageError<E>) -> Meaning {
    match error {
        ProcessMessageError::StorageError(_) => Meaning::Store,
        ProcessMessageError::GroupStateError(_) => Meaning::Evicted,
        ProcessMessageError::LibraryError(_)
        | ProcessMessageError::ValidationError(ValidationError::LibraryError(_)) => {
            Meaning::Private(OutOfStep::LostState)
        }
        ProcessMessageError::InvalidCommit(error) => Meaning::Private(private(error)),
        ProcessMessageError::ValidationError(_)
        | ProcessMessageError::IncompatibleWireFormat
        | ProcessMessageError::UnauthorizedExternalApplicationMessage
        | ProcessMessageError::UnauthorizedExternalCommitMessage
        | ProcessMessageError::UnsupportedProposalType => Meaning::Void,
    }
}

fn private(error: &StageCommitError) -> OutOfStep {
    match error {
        StageCommitError::UpdatePathError(_) | StageCommitError::VerifiedUpdatePathError(_) => {
            OutOfStep::Path
        }
        StageCommitError::ConfirmationTagMismatch => OutOfStep::ConfirmationTag,
        StageCommitError::OwnCommitMismatch => OutOfStep::OwnCommit,
        _ => OutOfStep::LostState,
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
