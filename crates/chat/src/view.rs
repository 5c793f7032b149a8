//! View rows: what later entries have made of a message. A page of messages is entries plus view rows.

use chinwag_proto::{Body, Content, Entry, ReactionKey, Seq, Timestamp, UserId};

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
        match &entry.body {
            Body::Edit { target, .. } | Body::Delete { target } | Body::Reaction { target, .. } => {
                Some(*target)
            }
            _ => None,
        }
    }

    /// Folds an entry that touches this message, and the offset of its record, into the view. Entries
    /// come in the order of seq, but may come again; any other entry changes nothing.
    pub fn fold(&mut self, offset: u64, entry: &Entry) {
        match &entry.body {
            Body::Edit { content, .. } => self.fold_edit(entry, content.as_ref()),
            Body::Delete { .. } => {
                self.deleted.get_or_insert((entry.seq, offset, entry.created_at));
                if let Some((_, content)) = &mut self.last_edit {
                    *content = None;
                }
            }
            Body::Reaction { key, on, .. } => self.fold_reaction(offset, entry, key, *on),
            _ => {}
        }
    }

    fn fold_edit(&mut self, entry: &Entry, content: Option<&Content>) {
        if self.edits.last().is_some_and(|last| *last >= entry.seq) {
            return;
        }
        self.edits.push(entry.seq);
        let content = content.filter(|_| self.deleted.is_none());
        self.last_edit = Some((entry.created_at, content.cloned()));
    }

    /// Taking back what never stood leaves no trace, so that nobody can fill a row with keys.
    fn fold_reaction(&mut self, offset: u64, entry: &Entry, key: &ReactionKey, on: bool) {
        let user = entry.sender_id;
        match self.cells.iter_mut().find(|cell| cell.user == user && cell.key == *key) {
            Some(cell) if entry.seq > cell.seq => (cell.on, cell.seq) = (on, entry.seq),
            Some(_) => {}
            None if on => self.cells.push(Cell { key: key.clone(), user, on, seq: entry.seq }),
            None => {}
        }
        if on && !self.keys.iter().any(|(known, _)| known == key) {
            self.keys.push((key.clone(), offset));
        }
    }
}
