//! Folding: moves entries from the tail into the chunks, with their ids, heads, states and view rows, and
//! the position up to which that is done, all in one transaction. Folding the same entries again changes
//! nothing. When it is done is the folder's business.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chinwag_chat::stored::{ChatKey, chat_key, encode_entry, encode_head, encode_state, encode_view};
use chinwag_chat::{State, View};
use chinwag_proto::{Body, ChatId, Seq};
use rusqlite::{Connection, OptionalExtension};

use super::chunk::ChunkBuilder;
use super::database::{Wal, checkpoint, open, pragma};
use super::error::{InFile, StoreError};
use super::faults::Faults;
use super::history::{ChatRow, History, broken_chunk, id_row};
use super::record;
use super::schema::{CHUNKS, CHUNKS_SCHEMA};
use super::spine::Spine;
use super::tail::TailEntry;
use crate::place::Place;

/// Page cache of the folding connection; what does not fit is written ahead.
const CACHE_KB: u32 = 32 << 10;
/// One state row in so many is whole.
const STATE_DELTAS: i64 = 63;
/// Ids between two looks at the clock.
const IDS_BETWEEN_PAUSES: usize = 256;

/// The chunks, as the folder works on them.
pub(super) struct Chunks {
    db: Connection,
    faults: Faults,
}

impl Chunks {
    /// Opens the chunks, and creates them where they are not.
    pub(super) fn open(place: &Place, faults: Faults) -> Result<Self, StoreError> {
        let db = open(place, faults, &CHUNKS_SCHEMA, CACHE_KB)?;
        if faults.fold_unsynced {
            pragma(&db, CHUNKS, "synchronous", "OFF")?;
        }
        Ok(Self { db, faults })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Folds entries, which are all that stand above the folded position up to the last of them. `pause`
    /// is called now and then. When this fails, nothing of it has happened, unless the error is final.
    pub(super) fn fold(
        &mut self,
        entries: &[Arc<TailEntry>],
        pause: &mut dyn FnMut(),
    ) -> Result<(), StoreError> {
        let Some(last) = entries.last() else { return Ok(()) };
        if self.faults.position_ahead {
            set_folded(&self.db, last.offset)?;
        }
        let transaction = self.db.transaction().file(CHUNKS)?;
        {
            let fold = Fold { db: &transaction, faults: self.faults };
            fold.all(entries, pause)?;
            set_folded(&transaction, last.offset)?;
        }
        transaction.commit().file(CHUNKS)
    }

    /// Puts the WAL into the database. `false` where readers were in the way.
    pub(super) fn checkpoint(&self, wal: Wal) -> Result<bool, StoreError> {
        checkpoint(&self.db, CHUNKS, wal)
    }
}

fn set_folded(db: &Connection, position: u64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'folded'")
        .file(CHUNKS)?
        .execute([position.cast_signed()])
        .map(drop)
        .file(CHUNKS)
}

/// One fold under way.
struct Fold<'a> {
    db: &'a Connection,
    faults: Faults,
}

/// The entries of one chat, in the order of seq.
type OfChat<'a> = Vec<&'a Arc<TailEntry>>;

impl Fold<'_> {
    fn all(&self, entries: &[Arc<TailEntry>], pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        // In the order of keys, so that each page is touched once.
        let mut sorted: Vec<(ChatKey, &Arc<TailEntry>)> =
            entries.iter().map(|entry| (chat_key(entry.entry.chat_id), entry)).collect();
        sorted.sort_by_key(|(key, _)| *key);
        let last_chunk: Option<i64> =
            self.db.query_row("SELECT max(id) FROM chunk", [], |row| row.get(0)).file(CHUNKS)?;
        let mut next_chunk = last_chunk.unwrap_or(0) + 1;
        for of_chat in sorted.chunk_by(|(one, _), (other, _)| one == other) {
            if let Some((key, first)) = of_chat.first() {
                self.chat(first.entry.chat_id, key, of_chat, &mut next_chunk)?;
            }
            pause();
        }
        if self.faults.forget_ids { Ok(()) } else { self.ids(entries, pause) }
    }

    fn chat(
        &self,
        chat: ChatId,
        key: &ChatKey,
        entries: &[(ChatKey, &Arc<TailEntry>)],
        next_chunk: &mut i64,
    ) -> Result<(), StoreError> {
        let history = History(self.db);
        let row = history.chat(chat)?;
        let head = row.as_ref().map_or(Seq::ZERO, |row| row.head.seq);
        let entries = entries.iter().map(|(_, entry)| *entry);
        let new: OfChat<'_> = entries.filter(|entry| entry.entry.seq > head).collect();
        let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(()) };
        if first.entry.seq != head.next() || last.entry.seq.get() - head.get() != new.len() as u64 {
            let (first, last) = (first.entry.seq, last.entry.seq);
            let detail = format!("folded up to entry {head}, {first} to {last} follow");
            return Err(StoreError::Damaged { file: CHUNKS, what: format!("chat {chat}"), detail });
        }
        let spine = match row {
            Some(ChatRow { spine, .. }) => spine,
            None => Spine::new(Seq::ZERO.next(), 0),
        };
        let spine = self.chunks(key, &new, spine, next_chunk)?;
        let mut bytes = Vec::new();
        encode_head(&last.head, &mut bytes);
        self.db
            .prepare_cached(
                "INSERT INTO chat VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET head = excluded.head, spine = excluded.spine",
            )
            .file(CHUNKS)?
            .execute((key.as_bytes(), bytes, spine.encode()))
            .file(CHUNKS)?;
        self.states(key, &new, head == Seq::ZERO)?;
        self.views(chat, key, &new)
    }

    /// Writes the entries in chunks; returns the spine with them.
    fn chunks(
        &self,
        key: &ChatKey,
        new: &OfChat<'_>,
        mut spine: Spine,
        next_chunk: &mut i64,
    ) -> Result<Spine, StoreError> {
        let hidden = if self.faults.no_wipe { HashSet::new() } else { deleted_by(new) };
        let mut rest = new.iter().peekable();
        while rest.peek().is_some() {
            let mut builder = ChunkBuilder::new(key, Seq::clamped(spine.end()), spine.messages_up_to_end());
            let mut messages = 0;
            while let Some(entry) = rest.next_if(|_| !builder.is_full()) {
                messages += u64::from(matches!(entry.entry.body, Body::Message { .. }));
                push(&mut builder, entry, &hidden);
            }
            let (id, count) = (*next_chunk, builder.count() as u64);
            self.db
                .prepare_cached("INSERT INTO chunk VALUES (?1, ?2)")
                .file(CHUNKS)?
                .execute((id, builder.finish()))
                .file(CHUNKS)?;
            *next_chunk += 1;
            if spine.is_full() {
                spine = self.close(key, &spine)?;
            }
            spine.push(id, count, messages);
        }
        Ok(spine)
    }

    /// Gives a full block of the spine its own row, and begins the next.
    fn close(&self, key: &ChatKey, spine: &Spine) -> Result<Spine, StoreError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO spine VALUES (?1, ?2, ?3)")
            .file(CHUNKS)?
            .execute((key.as_bytes(), spine.first.get().cast_signed(), spine.encode()))
            .file(CHUNKS)?;
        Ok(Spine::new(Seq::clamped(spine.end()), spine.messages_up_to_end()))
    }

    /// Writes what changed members, roles and settings; `begins` where the chat has no such row yet.
    fn states(&self, key: &ChatKey, new: &OfChat<'_>, mut begins: bool) -> Result<(), StoreError> {
        for entry in new.iter().filter(|entry| State::is_changed_by(&entry.entry)) {
            let since = if std::mem::take(&mut begins) { 0 } else { self.state_rows(key)? };
            let whole = since == 0 || since > STATE_DELTAS;
            let mut data = Vec::new();
            if whole {
                encode_state(&entry.state, &mut data);
            } else {
                encode_entry(&entry.entry.wiped(), &mut data);
            }
            self.db
                .prepare_cached("INSERT OR REPLACE INTO state VALUES (?1, ?2, ?3, ?4)")
                .file(CHUNKS)?
                .execute((key.as_bytes(), entry.entry.seq.get().cast_signed(), i64::from(whole), data))
                .file(CHUNKS)?;
        }
        Ok(())
    }

    /// Rows since the last whole one, that one included; 0 where there is none.
    fn state_rows(&self, key: &ChatKey) -> Result<i64, StoreError> {
        self.db
            .prepare_cached(
                "SELECT count(*) FROM state WHERE chat = ?1
                 AND seq >= (SELECT max(seq) FROM state WHERE chat = ?1 AND whole = 1)",
            )
            .file(CHUNKS)?
            .query_row([key.as_bytes()], |row| row.get(0))
            .file(CHUNKS)
    }

    /// Folds what touches messages into their view rows, and overwrites what was deleted.
    fn views(&self, chat: ChatId, key: &ChatKey, new: &OfChat<'_>) -> Result<(), StoreError> {
        let mut touched: BTreeMap<Seq, OfChat<'_>> = BTreeMap::new();
        for entry in new {
            if let Some(target) = View::target(&entry.entry) {
                touched.entry(target).or_default().push(entry);
            }
        }
        let history = History(self.db);
        for (target, touches) in touched {
            let mut view = history.view(chat, target)?.unwrap_or_default();
            let was_deleted = view.deleted.is_some();
            touches.iter().for_each(|touch| view.fold(touch.offset, &touch.entry));
            if let Some((_, content)) = &mut view.last_edit {
                *content = None;
            }
            let mut data = Vec::new();
            encode_view(&view, &mut data);
            self.db
                .prepare_cached("INSERT OR REPLACE INTO view VALUES (?1, ?2, ?3)")
                .file(CHUNKS)?
                .execute((key.as_bytes(), target.get().cast_signed(), data))
                .file(CHUNKS)?;
            if view.deleted.is_some() && !was_deleted && !self.faults.no_wipe {
                let gone: Vec<Seq> = [target].into_iter().chain(view.edits.iter().copied()).collect();
                self.wipe(chat, key, &gone)?;
            }
        }
        Ok(())
    }

    /// Overwrites the content of entries where they stand.
    fn wipe(&self, chat: ChatId, key: &ChatKey, gone: &[Seq]) -> Result<(), StoreError> {
        let history = History(self.db);
        let Some(row) = history.chat(chat)? else { return Ok(()) };
        let mut rest = gone.iter().copied().peekable();
        while let Some(seq) = rest.next() {
            let Some(at) = history.locate(chat, &row, seq)? else { continue };
            let mut chunk = history.chunk(key, &at)?;
            let broken = |detail: String| broken_chunk(key, &at, &detail);
            let mut changed = chunk.wipe(seq).map_err(broken)?;
            while let Some(next) = rest.next_if(|next| next.get() < at.end() && *next >= at.first) {
                changed |= chunk.wipe(next).map_err(broken)?;
            }
            if changed {
                self.overwrite(at.id, &chunk.into_bytes())?;
            }
        }
        Ok(())
    }

    /// Writes over a chunk's bytes, as many as there are: SQLite moves nothing and leaves no copy.
    fn overwrite(&self, id: i64, bytes: &[u8]) -> Result<(), StoreError> {
        let mut blob = self.db.blob_open("main", "chunk", "data", id, false).file(CHUNKS)?;
        blob.write_all_at(bytes, 0).file(CHUNKS)?;
        blob.close().file(CHUNKS)
    }

    fn ids(&self, entries: &[Arc<TailEntry>], pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        let mut ids: Vec<_> = entries
            .iter()
            .filter_map(|entry| Some((entry.id?.0, entry.entry.seq.get().cast_signed())))
            .map(|(key, seq)| (id_row(key), key, seq))
            .collect();
        // In the order of rows, so that each page is touched once; stable, so that the first one stays.
        ids.sort_by_key(|(row, _, _)| *row);
        let mut insert = self.db.prepare_cached("INSERT OR IGNORE INTO ids VALUES (?1, ?2)").file(CHUNKS)?;
        for some in ids.chunks(IDS_BETWEEN_PAUSES) {
            for (row, key, seq) in some {
                if insert.execute((row, seq)).file(CHUNKS)? == 0 {
                    self.id_beside(*row, *key, *seq)?;
                }
            }
            pause();
        }
        Ok(())
    }

    /// The first 64 bits of an id's key are taken: by itself, folded before, or by another.
    fn id_beside(&self, row: i64, key: chinwag_chat::IdKey, seq: i64) -> Result<(), StoreError> {
        let there: Option<i64> = self
            .db
            .prepare_cached("SELECT seq FROM ids WHERE id = ?1")
            .file(CHUNKS)?
            .query_row([row], |row| row.get(0))
            .optional()
            .file(CHUNKS)?;
        if there == Some(seq) {
            return Ok(());
        }
        self.db
            .prepare_cached("INSERT OR IGNORE INTO ids_beside VALUES (?1, ?2)")
            .file(CHUNKS)?
            .execute((key.0.to_be_bytes().as_slice(), seq))
            .map(drop)
            .file(CHUNKS)
    }
}

/// The messages that are deleted by entries among these.
fn deleted_by(new: &OfChat<'_>) -> HashSet<Seq> {
    let target = |entry: &&Arc<TailEntry>| match &entry.entry.body {
        Body::Delete { target } => Some(*target),
        _ => None,
    };
    new.iter().filter_map(target).collect()
}

/// Adds an entry to a chunk, without its content where it is deleted already.
fn push(builder: &mut ChunkBuilder, entry: &TailEntry, hidden: &HashSet<Seq>) {
    let gone = match &entry.entry.body {
        Body::Message { .. } => hidden.contains(&entry.entry.seq),
        Body::Edit { target, .. } => hidden.contains(target),
        _ => false,
    };
    if gone {
        let mut bytes = Vec::new();
        record::encode_into(entry.offset, entry.id, &entry.entry.wiped(), &mut bytes);
        builder.push(&bytes);
    } else {
        builder.push(record::unchecked(&entry.bytes));
    }
}
