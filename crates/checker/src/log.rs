//! The entries of one chat: what the final readers were given, and every different entry that anybody was
//! given.
//!
//! Leaves out where an entry came from: the sends stand in the index.

use std::collections::HashMap;

use crate::event::{Entry, Kind};

/// An entry that some reader was given, different from all others of its chat.
pub(crate) struct Version<'h> {
    pub(crate) entry: &'h Entry,
    /// Whom it was given to first.
    pub(crate) reader: &'h str,
    /// Whether the final log has it, at this seq, like this.
    pub(crate) is_final: bool,
}

/// All that is known of the entries of one chat.
pub(crate) struct Chat<'h> {
    pub(crate) name: &'h str,
    /// What fresh readers were given at the end. The first is the measure for everything else.
    pub(crate) logs: Vec<&'h [Entry]>,
    /// Every different entry that anybody was given, the final ones first, then in the order of devices.
    pub(crate) versions: Vec<Version<'h>>,
    by_seq: HashMap<u64, Vec<usize>>,
    deleted_at: HashMap<u64, u64>,
}

impl<'h> Chat<'h> {
    pub(crate) fn new(name: &'h str) -> Self {
        Self {
            name,
            logs: Vec::new(),
            versions: Vec::new(),
            by_seq: HashMap::new(),
            deleted_at: HashMap::new(),
        }
    }

    pub(crate) fn take_log(&mut self, entries: &'h [Entry]) {
        let first = self.logs.is_empty();
        self.logs.push(entries);
        for entry in entries {
            if first && let (Kind::Delete, Some(target)) = (entry.kind, entry.target) {
                self.deleted_at.entry(target).or_insert(entry.seq);
            }
            self.note(entry, "the final reader", first);
        }
    }

    pub(crate) fn note_observed(&mut self, entry: &'h Entry, reader: &'h str) {
        self.note(entry, reader, false);
    }

    fn note(&mut self, entry: &'h Entry, reader: &'h str, is_final: bool) {
        let known = self.by_seq.entry(entry.seq).or_default();
        if known.iter().any(|&no| says_all_of(self.versions[no].entry, entry)) {
            return;
        }
        known.push(self.versions.len());
        self.versions.push(Version { entry, reader, is_final });
    }

    /// The entry at a seq in the final log.
    pub(crate) fn at(&self, seq: u64) -> Option<&'h Entry> {
        self.versions_at(seq).find(|version| version.is_final).map(|version| version.entry)
    }

    /// Everything different that anybody was given at a seq.
    pub(crate) fn versions_at(&self, seq: u64) -> impl Iterator<Item = &Version<'h>> {
        self.by_seq.get(&seq).into_iter().flatten().map(|&no| &self.versions[no])
    }

    /// Where the final log deletes the message at `seq`.
    pub(crate) fn deleted_at(&self, seq: u64) -> Option<u64> {
        self.deleted_at.get(&seq).copied()
    }

    /// Whether the content of this entry may be gone: it, or the message that it edits, was deleted.
    pub(crate) fn may_be_wiped(&self, entry: &Entry) -> bool {
        let message = if entry.kind == Kind::Edit { entry.target.unwrap_or(entry.seq) } else { entry.seq };
        self.deleted_at.contains_key(&message)
    }
}

/// Whether `known` holds everything that `entry` says.
fn says_all_of(known: &Entry, entry: &Entry) -> bool {
    let hides = |known: &Option<String>, new: &Option<String>| known.is_none() && new.is_some();
    !hides(&known.client_message_id, &entry.client_message_id)
        && !hides(&known.digest, &entry.digest)
        && difference(known, entry).is_none()
}

/// In what two readings of one place differ, so that they cannot be the same entry. What only some readers
/// are shown, the sender's name for it, and what a deletion wipes, the content, count where both have them.
pub(crate) fn difference(a: &Entry, b: &Entry) -> Option<&'static str> {
    fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
        matches!((a, b), (Some(a), Some(b)) if a != b)
    }
    match () {
        () if a.seq != b.seq => Some("seq"),
        () if a.message_id != b.message_id => Some("message id"),
        () if a.sender != b.sender => Some("sender"),
        () if a.device != b.device => Some("device"),
        () if a.kind != b.kind => Some("kind"),
        () if a.target != b.target => Some("target"),
        () if a.changes != b.changes => Some("changes"),
        () if differ(a.client_message_id.as_ref(), b.client_message_id.as_ref()) => Some("client message id"),
        () if differ(a.digest.as_ref(), b.digest.as_ref()) => Some("content"),
        () => None,
    }
}
