//! View rows: what later entries have made of a message. A page of messages is entries plus view rows.

use chinwag_proto::{Content, Entry, ReactionKey, Seq, Timestamp, UserId};

/// One reaction: a key of one user, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub key: ReactionKey,
    /// Whose.
    pub user: UserId,
    /// Whether it stands.
    pub on: bool,
    /// The entry that set it last.
    pub seq: Seq,
}

/// What later entries have made of one message. Folding the same entry twice changes nothing, and
/// entries may be folded again from any earlier point on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct View {
    /// All edits, oldest first.
    pub edits: Vec<Seq>,
    /// The last edit's time and content; the content is `None` once the message was deleted.
    pub last_edit: Option<(Timestamp, Option<Content>)>,
    /// The deletion: its entry, that one's offset, its time.
    pub deleted: Option<(Seq, u64, Timestamp)>,
    /// The reactions, one per (key, user), in the order of their first use.
    pub cells: Vec<Cell>,
    /// The reaction keys ever used, each with the offset of its first use.
    pub keys: Vec<(ReactionKey, u64)>,
}

impl View {
    /// The message that an entry touches, if it touches one.
    pub fn target(entry: &Entry) -> Option<Seq> {
        use chinwag_proto::Body;
        match &entry.body {
            Body::Edit { target, .. } | Body::Delete { target } | Body::Reaction { target, .. } => Some(*target),
            _ => None,
        }
    }
}
