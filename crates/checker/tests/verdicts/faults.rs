//! The faults that can be planted, each with the rule that must find it.

use chinwag_checker::Rule;
use chinwag_checker::Rule::{C1, C2, C3, C4, C5, C6, C7, C8, C9, C10};

/// What is broken in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The acknowledgement leaves before the entry is on disk.
    AckBeforeSync,
    /// Entries are pushed to readers before they are on disk.
    PublishBeforeSync,
    /// The folder was never synced: a crash leaves an empty file.
    FolderNotSynced,
    /// Acknowledgements name the next seq.
    AckNamesWrongSeq,
    /// What is stored is not what was sent.
    ContentSwapped,
    /// Content disappears that nobody deleted.
    ContentLost,
    /// A node answers from an old copy.
    StaleRead,
    /// A resend is never recognised.
    NoDedupe,
    /// A resend is recognised on its own connection only.
    DedupePerConnection,
    /// One commit writes twice.
    DoubleCommit,
    /// The id generator repeats itself after a restart.
    LabelRepeated,
    /// After a restart a chat goes on from an old head.
    StaleHead,
    /// Two nodes give different entries at one seq.
    SplitBrain,
    /// A page leaves an entry out.
    SkippedPage,
    /// A new member's first page begins one too late.
    HoleAtJoin,
    /// After a reconnect old entries are pushed after new ones.
    BacklogAfterLive,
    /// A client shows again what it has.
    ViewGoesBack,
    /// Two sends of one connection change places.
    Reordered,
    /// After a crash the disk has a later write and lacks the one before it.
    LostBeforeKept,
    /// What is refused is stored all the same.
    RefusedButStored,
    /// A device is forgotten: nothing is pushed to it and it is told that there is nothing new.
    LostLiveFrames,
    /// What is due arrives after half a minute.
    TooLate,
    /// An edit is accepted whose message does not exist yet.
    EffectBeforeCause,
    /// A deleted message can still be edited.
    EditAfterDeletion,
    /// One who was removed can still send.
    SendAfterRemoval,
    /// One who was removed still receives.
    PushAfterRemoval,
}

impl Fault {
    pub(crate) const ALL: [Self; 26] = [
        Self::AckBeforeSync,
        Self::PublishBeforeSync,
        Self::FolderNotSynced,
        Self::AckNamesWrongSeq,
        Self::ContentSwapped,
        Self::ContentLost,
        Self::StaleRead,
        Self::NoDedupe,
        Self::DedupePerConnection,
        Self::DoubleCommit,
        Self::LabelRepeated,
        Self::StaleHead,
        Self::SplitBrain,
        Self::SkippedPage,
        Self::HoleAtJoin,
        Self::BacklogAfterLive,
        Self::ViewGoesBack,
        Self::Reordered,
        Self::LostBeforeKept,
        Self::RefusedButStored,
        Self::LostLiveFrames,
        Self::TooLate,
        Self::EffectBeforeCause,
        Self::EditAfterDeletion,
        Self::SendAfterRemoval,
        Self::PushAfterRemoval,
    ];

    /// The rule that must be found broken, and those that may be besides.
    pub(crate) fn breaks(self) -> (Rule, &'static [Rule]) {
        match self {
            Self::AckBeforeSync => (C1, &[C3, C4, C5, C8, C9]),
            Self::PublishBeforeSync => (C3, &[C2, C5, C9, C10]),
            Self::FolderNotSynced => (C1, &[C2, C3, C4, C5, C6, C8, C9, C10]),
            Self::AckNamesWrongSeq => (C1, &[C2, C3, C4, C5, C8, C9, C10]),
            Self::ContentSwapped => (C1, &[C9]),
            Self::ContentLost => (C1, &[C3]),
            Self::StaleRead => (C1, &[C5, C8]),
            Self::NoDedupe => (C10, &[C2, C6, C7, C9]),
            Self::DedupePerConnection => (C10, &[C2, C6, C7, C9]),
            Self::DoubleCommit => (C2, &[C10, C9]),
            Self::LabelRepeated => (C2, &[]),
            Self::StaleHead => (C3, &[C1, C2, C4, C5, C6, C8, C9, C10]),
            Self::SplitBrain => (C3, &[]),
            Self::SkippedPage => (C4, &[C8]),
            Self::HoleAtJoin => (C4, &[C8]),
            Self::BacklogAfterLive => (C5, &[]),
            Self::ViewGoesBack => (C5, &[C2, C4]),
            Self::Reordered => (C6, &[]),
            Self::LostBeforeKept => (C6, &[C9]),
            Self::RefusedButStored => (C7, &[]),
            Self::LostLiveFrames => (C8, &[]),
            Self::TooLate => (C8, &[]),
            Self::EffectBeforeCause => (C9, &[]),
            Self::EditAfterDeletion => (C9, &[]),
            Self::SendAfterRemoval => (C9, &[]),
            Self::PushAfterRemoval => (C9, &[]),
        }
    }
}
