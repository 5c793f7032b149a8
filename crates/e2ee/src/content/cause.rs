//! Why an entry cannot be read, in words that are stable.

use crate::group::stable_words;

/// Why content is not shown. Each is counted; what may heal is tried again when keys or chains come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Not an envelope of ours.
    Malformed,
    /// The key of the epoch in force there is not at hand: from the backup, own devices, or by re-joining.
    NoEpochKey,
    /// It belongs to an epoch that is not in force at its place.
    EndedEpoch,
    /// It names another group than the one in force.
    AnotherGroup,
    /// The epoch is known, its key is another one: the group has forked.
    Fork,
    /// Its sender's device was no leaf of the epoch.
    NotALeaf,
    /// The leaves of the epoch are not known.
    LeavesUnknown,
    /// It does not open: changed, or moved to another place, sender, kind or target.
    DoesNotOpen,
    /// The signature is not the sender's.
    BadSignature,
    /// It says that it was written after what stands above it.
    SeenAhead,
    /// Its target is another one than it was written for.
    WrongTarget,
    /// The message that it changes or answers has to be at hand to tell.
    TargetUnknown,
    /// Its sender has sent the same already.
    Replay,
    /// Content that is not encrypted, in an encrypted chat.
    Plain,
    /// It stands upon a commit that does not count.
    VoidCommit,
}

stable_words!(Cause {
    Malformed = "malformed",
    NoEpochKey = "no_epoch_key",
    EndedEpoch = "ended_epoch",
    AnotherGroup = "another_group",
    Fork = "fork",
    NotALeaf = "not_a_leaf",
    LeavesUnknown = "leaves_unknown",
    DoesNotOpen = "does_not_open",
    BadSignature = "bad_signature",
    SeenAhead = "seen_ahead",
    WrongTarget = "wrong_target",
    TargetUnknown = "target_unknown",
    Replay = "replay",
    Plain = "plain",
    VoidCommit = "void_commit",
});

impl Cause {
    /// Whether it may still be read once keys, leaves or its target have come.
    pub const fn may_heal(self) -> bool {
        matches!(self, Self::NoEpochKey | Self::LeavesUnknown | Self::TargetUnknown)
    }
}
