//! Folding: moves entries from the tail into the chunks, with their ids, heads, states and view rows, and
//! the position up to which that is done, all in one transaction. Folding the same entries again changes
//! nothing. When it is done is the folder's business.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chinwag_chat::stored::{ChatKey, HEAD_BYTES, encode_entry, encode_head, encode_state, encode_view};
use chinwag_proto::{Body, ChatId, Seq};
use rusqlite::{CachedStatement, Connection};

use super::OpenError;
use super::chunk::ChunkBuilder;
use super::database::{Wal, checkpoint, open};
use super::error::{InFile, StoreError};
use super::faults::Faults;
use super::history::{History, broken_chunk};
use super::ids::{Ids, short};
use super::ids_fold::IdsFold;
use super::packs::Packs;
use super::record;
use super::schema::{CHUNKS, CHUNKS_SCHEMA};
use super::spine::SpineBytes;
use super::tail::TailEntry;
use crate::place::Place;
use crate::sqlite::Database;

/// Page cache of the folding connection; what does not fit is written ahead.
const CACHE_KB: u32 = 32 << 10;
/// One state row in so many is whole.
const STATE_DELTAS: i64 = 63;

/// The chunks, as the folder works on them.
pub(super) struct Chunks {
    db: Database,
    ids: Arc<Ids>,
    faults: Faults,
}

impl Chunks {
    /// Opens the chunks, and creates them where they are not.
    pub(super) fn open(place: &Place, faults: Faults) -> Result<Self, OpenError> {
        let db = open(place, faults, &CHUNKS_SCHEMA, CACHE_KB)?;
        if faults.fold_unsynced {
            db.pragma_update(None, "synchronous", "OFF").file(CHUNKS)?;
        }
        let ids = Arc::new(Ids::load(&db)?);
        Ok(Self { db, ids, faults })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// The ids that were folded, for whoever looks them up.
    pub(super) fn ids(&self) -> &Arc<Ids> {
        &self.ids
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
        Fold::new(&transaction, self.faults)?.all(entries, pause)?;
        let mut runs = IdsFold::new(&transaction, &self.ids.runs());
        if !self.faults.forget_ids {
            let ids = entries.iter().filter_map(|entry| Some((short(entry.id?.0), entry.seq())));
            runs.add(ids.collect(), pause)?;
        }
        set_folded(&transaction, last.offset)?;
        let runs = runs.finish();
        self.ids.replace(runs, || transaction.commit().file(CHUNKS))
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
    packs: Packs<'a>,
    put_chat: CachedStatement<'a>,
    builder: ChunkBuilder,
    head: Vec<u8>,
}

/// The entries of one chat, in the order of seq.
type OfChat<'a> = &'a [(ChatKey, &'a Arc<TailEntry>)];

impl<'a> Fold<'a> {
    fn new(db: &'a Connection, faults: Faults) -> Result<Self, StoreError> {
        let put_chat = db.prepare_cached("INSERT OR REPLACE INTO chat VALUES (?1, ?2, ?3)").file(CHUNKS)?;
        let (builder, head) = (ChunkBuilder::default(), Vec::with_capacity(HEAD_BYTES));
        Ok(Self { db, faults, packs: Packs::new(db)?, put_chat, builder, head })
    }

    fn all(mut self, entries: &[Arc<TailEntry>], pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        // In the order of keys, so that each page is touched once.
        let mut sorted: Vec<(ChatKey, &Arc<TailEntry>)> =
            entries.iter().map(|entry| (entry.key, entry)).collect();
        sorted.sort_by_key(|(key, _)| *key);
        for of_chat in sorted.chunk_by(|(one, _), (other, _)| one == other) {
            if let Some((key, first)) = of_chat.first() {
                self.chat(first.entry.chat_id, key, of_chat)?;
            }
            pause();
        }
        self.packs.flush()
    }

    fn chat(&mut self, chat: ChatId, key: &ChatKey, entries: OfChat<'_>) -> Result<(), StoreError> {
        let (head, spine) = match History(self.db).chat_to_fold(chat)? {
            Some((head, spine)) => (head.seq, spine),
            None => (Seq::ZERO, SpineBytes::new(Seq::ZERO.next(), 0)),
        };
        let new = entries.partition_point(|(_, entry)| entry.seq() <= head);
        let new = entries.get(new..).unwrap_or_default();
        let (Some((_, first)), Some((_, last))) = (new.first(), new.last()) else { return Ok(()) };
        if first.seq() != head.next() || last.seq().get() - head.get() != new.len() as u64 {
            let (first, last) = (first.seq(), last.seq());
            let detail = format!("folded up to entry {head}, {first} to {last} follow");
            return Err(StoreError::Damaged { file: CHUNKS, what: format!("chat {chat}"), detail });
        }
        let spine = self.chunks(key, new, spine)?;
        self.head.clear();
        encode_head(&last.head, &mut self.head);
        self.put_chat.execute((key.as_bytes(), self.head.as_slice(), spine.bytes())).file(CHUNKS)?;
        self.states(key, new, head == Seq::ZERO)?;
        self.views(chat, key, new)
    }

    /// Writes the entries in chunks; returns the spine with them.
    fn chunks(
        &mut self,
        key: &ChatKey,
        new: OfChat<'_>,
        mut spine: SpineBytes,
    ) -> Result<SpineBytes, StoreError> {
        let hidden = if self.faults.no_wipe { HashSet::new() } else { deleted_by(new) };
        let mut rest = new.iter().map(|(_, entry)| *entry).peekable();
        while let Some(first) = rest.peek().map(|entry| Arc::clone(entry)) {
            let mut messages = 0;
            while let Some(entry) = rest.next_if(|_| !self.builder.is_full()) {
                messages += u64::from(entry.is_message);
                push(&mut self.builder, entry, &hidden);
            }
            let messages_before = first.head.n - u64::from(first.is_message);
            if spine.is_full() {
                self.close(key, &spine)?;
                spine = SpineBytes::new(first.seq(), messages_before);
            }
            let count = self.builder.count() as u64;
            let at = self.packs.add(self.builder.finish(key, first.seq(), messages_before))?;
            spine.push(at, count, messages);
        }
        Ok(spine)
    }

    /// Gives a full block of the spine a row of its own.
    fn close(&self, key: &ChatKey, spine: &SpineBytes) -> Result<(), StoreError> {
        let first = spine.first().unwrap_or_default().get().cast_signed();
        self.db
            .prepare_cached("INSERT OR REPLACE INTO spine VALUES (?1, ?2, ?3)")
            .file(CHUNKS)?
            .execute((key.as_bytes(), first, spine.bytes()))
            .map(drop)
            .file(CHUNKS)
    }

    /// Writes what changed members, roles and settings; `begins` where the chat has no such row yet.
    fn states(&self, key: &ChatKey, new: OfChat<'_>, mut begins: bool) -> Result<(), StoreError> {
        for (_, entry) in new.iter().filter(|(_, entry)| entry.changes_state) {
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
    fn views(&mut self, chat: ChatId, key: &ChatKey, new: OfChat<'_>) -> Result<(), StoreError> {
        let mut touched: BTreeMap<Seq, Vec<&TailEntry>> = BTreeMap::new();
        for (_, entry) in new {
            if let Some(target) = entry.target {
                touched.entry(target).or_default().push(entry);
            }
        }
        for (target, touches) in touched {
            let mut view = History(self.db).view(chat, target)?.unwrap_or_default();
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
    fn wipe(&mut self, chat: ChatId, key: &ChatKey, gone: &[Seq]) -> Result<(), StoreError> {
        let history = History(self.db);
        let Some(row) = history.chat(chat)? else { return Ok(()) };
        let mut rest = gone.iter().copied().peekable();
        while let Some(seq) = rest.next() {
            let Some(at) = history.locate(chat, &row, seq)? else { continue };
            let mut chunk = self.packs.read(key, &at)?;
            let broken = |detail: String| broken_chunk(key, &at, &detail);
            let mut changed = chunk.wipe(seq).map_err(broken)?;
            while let Some(next) = rest.next_if(|next| next.get() < at.end() && *next >= at.first) {
                changed |= chunk.wipe(next).map_err(broken)?;
            }
            if changed {
                self.packs.overwrite(key, &at, chunk)?;
            }
        }
        Ok(())
    }
}

/// The messages that are deleted by entries among these.
fn deleted_by(new: OfChat<'_>) -> HashSet<Seq> {
    let target = |(_, entry): &(ChatKey, &Arc<TailEntry>)| {
        entry.target.filter(|_| matches!(entry.entry.body, Body::Delete { .. }))
    };
    new.iter().filter_map(target).collect()
}

/// Adds an entry to a chunk, without its content where it is deleted already.
fn push(builder: &mut ChunkBuilder, entry: &TailEntry, hidden: &HashSet<Seq>) {
    let is_edit = || matches!(entry.entry.body, Body::Edit { .. });
    let message = if entry.is_message { Some(entry.seq()) } else { entry.target.filter(|_| is_edit()) };
    let gone = message.is_some_and(|message| hidden.contains(&message));
    if gone {
        let mut bytes = Vec::new();
        record::encode_into(entry.offset, entry.id, &entry.entry.wiped(), &mut bytes);
        builder.push(&bytes);
    } else {
        builder.push(record::unchecked(entry.bytes()));
    }
}
