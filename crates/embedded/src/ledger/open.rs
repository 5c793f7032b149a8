//! Opening the ledger: both files, what is not folded yet, and then the threads.

use std::sync::Arc;

use chinwag_chat::FingerprintKey;
use chinwag_ports::Commits;
use rusqlite::{Connection, OptionalExtension};

use super::cache::ChatCache;
use super::database::open_to_read;
use super::decide::Decider;
use super::error::{InFile, StoreError};
use super::fold::Chunks;
use super::history::History;
use super::log::Log;
use super::record::Accepted;
use super::schema::{CHUNKS, CHUNKS_SCHEMA, LOG};
use super::shared::Shared;
use super::stats::LedgerObserver;
use super::tail::TailEntry;
use super::writer::Writer;
use super::{LedgerSettings, OpenError};
use crate::place::Place;
use crate::sqlite::Database;

/// Page cache of a connection that reads.
const READ_CACHE_KB: u32 = 4 << 10;
/// Page cache of the writer's connection to the chunks: ids of resends, targets, chats that come back.
const LOOKUP_CACHE_KB: u32 = 8 << 10;

/// The ledger's parts, before anything runs.
pub(super) struct Parts {
    pub(super) shared: Arc<Shared>,
    pub(super) writer: Writer,
    pub(super) chunks: Chunks,
    pub(super) readers: Vec<Database>,
    pub(super) key: FingerprintKey,
}

pub(super) fn open(
    place: &Place,
    settings: LedgerSettings,
    commits: Arc<dyn Commits>,
    observer: Arc<dyn LedgerObserver>,
) -> Result<Parts, OpenError> {
    if place.vfs.is_none() {
        std::fs::create_dir_all(&place.folder)?;
    }
    let chunks = Chunks::open(place, settings.faults())?;
    let meta = Meta::of_chunks(chunks.connection(), settings.fingerprint_key)?;
    let log = open_log(place, &settings, chunks.connection(), &meta)?;
    let readers = (0..settings.readers.max(1)).map(|_| open_to_read(place, &CHUNKS_SCHEMA, READ_CACHE_KB));
    let readers = readers.collect::<Result<Vec<_>, _>>()?;
    let lookups = open_to_read(place, &CHUNKS_SCHEMA, LOOKUP_CACHE_KB)?;
    let shared = Arc::new(Shared::new(settings, observer, meta.folded));
    if !shared.settings.faults().no_replay {
        replay(&shared, &log, &lookups, meta.folded)?;
    }
    let cache = ChatCache::new(shared.settings.cache_bytes_max, Arc::clone(&shared.chats));
    let next = meta.folded.max(log.last()) + 1;
    let no_dedupe = shared.settings.faults().no_dedupe;
    let key = FingerprintKey::new(meta.key);
    let ids = Arc::clone(chunks.ids());
    let decider = Decider::new((lookups, ids), Arc::clone(&shared.tail), cache, key.clone(), next, no_dedupe);
    let writer = Writer::new(Arc::clone(&shared), decider, log, commits);
    Ok(Parts { shared, writer, chunks, readers, key })
}

/// What `meta` of the chunks says.
struct Meta {
    key: [u8; 16],
    deployment: [u8; 16],
    folded: u64,
    log_born: bool,
}

impl Meta {
    /// Reads it, and completes it where the store was born just now.
    fn of_chunks(db: &Connection, key: Option<[u8; 16]>) -> Result<Self, OpenError> {
        let folded = value::<i64>(db, CHUNKS, "folded")?.unwrap_or(0).cast_unsigned();
        let key = match value::<[u8; 16]>(db, CHUNKS, "fingerprint_key")? {
            Some(key) => key,
            None => {
                let key = key.map_or_else(random_key, Ok)?;
                let transaction = db.unchecked_transaction().file(CHUNKS)?;
                set(&transaction, CHUNKS, "fingerprint_key", key)?;
                set(&transaction, CHUNKS, "deployment", deployment(key))?;
                transaction.commit().file(CHUNKS)?;
                key
            }
        };
        let log_born = value::<i64>(db, CHUNKS, "log_born")?.is_some();
        Ok(Self { key, deployment: deployment(key), folded, log_born })
    }
}

/// Tells one deployment's files from another's without telling its secret.
fn deployment(key: [u8; 16]) -> [u8; 16] {
    FingerprintKey::new(key).request([b"deployment".as_slice()]).0.to_be_bytes()
}

#[expect(clippy::disallowed_methods, reason = "a store is born once; tests hand the key in")]
fn random_key() -> Result<[u8; 16], OpenError> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| OpenError::Randomness(error.to_string()))?;
    Ok(key)
}

/// Opens the log. One that is gone although it was there is not made anew in silence: what it held would
/// be lost.
fn open_log(
    place: &Place,
    settings: &LedgerSettings,
    chunks: &Connection,
    meta: &Meta,
) -> Result<Log, OpenError> {
    let log = Log::open(place, settings.faults(), settings.tail_rows_max)?;
    match value::<[u8; 16]>(log.connection(), LOG, "deployment")? {
        Some(found) if found == meta.deployment => {}
        Some(_) => return Err(OpenError::Strangers),
        None if meta.log_born => return Err(OpenError::LogGone),
        None => set(log.connection(), LOG, "deployment", meta.deployment)?,
    }
    if !meta.log_born {
        set(chunks, CHUNKS, "log_born", 1_i64)?;
    }
    Ok(log)
}

fn value<T: rusqlite::types::FromSql>(
    db: &Connection,
    file: &'static str,
    name: &str,
) -> Result<Option<T>, StoreError> {
    db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional().file(file)
}

fn set(
    db: &Connection,
    file: &'static str,
    name: &str,
    value: impl rusqlite::ToSql,
) -> Result<(), StoreError> {
    db.execute("INSERT INTO meta VALUES (?1, ?2)", (name, value)).map(drop).file(file)
}

/// Brings what is not folded back into the tail.
fn replay(shared: &Shared, log: &Log, lookups: &Connection, folded: u64) -> Result<(), StoreError> {
    let mut chats = std::collections::HashMap::new();
    let mut tail = shared.tail.write();
    log.replay(folded, |accepted: Accepted, records| {
        let Accepted { offset, id, entry } = accepted;
        let chat = match chats.entry(entry.chat_id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let chat = folded_chat(lookups, entry.chat_id)?;
                new.insert(chat)
            }
        };
        chat.replay(offset, &entry, None);
        if chat.head().seq != entry.seq {
            return Err(StoreError::Damaged {
                file: LOG,
                what: format!("the entry at position {offset}"),
                detail: format!(
                    "entry {} of chat {} follows on {}",
                    entry.seq,
                    entry.chat_id,
                    chat.head().seq
                ),
            });
        }
        tail.push(Arc::new(TailEntry::new(offset, id, entry, chat, records)));
        Ok(())
    })
}

/// A chat as it was folded, without ids.
fn folded_chat(db: &Connection, chat: chinwag_proto::ChatId) -> Result<chinwag_chat::Chat, StoreError> {
    let history = History(db);
    Ok(match history.chat(chat)? {
        Some(row) => chinwag_chat::Chat::restore(chat, row.head, history.state(chat, &row.head)?, []),
        None => chinwag_chat::Chat::new(chat),
    })
}
