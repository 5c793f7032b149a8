//! The tables of the ledger's two databases, as public interfaces: a step is never edited once released;
//! new ones expand first and contract in a later release. Golden files of each version are in the tests.
//!
//! **`log.db`**: what was accepted and may not be folded yet.
//!
//! | table | |
//! |---|---|
//! | `meta` | `deployment`: 16 bytes, the same in both files |
//! | `log_a` … `log_p` | a row for each transaction: `pos` (the first record's offset; offsets are gapless over all tables), `count`, `records` (layouts in `log` and `record`). Written in turn, appended only, cleared whole once all that a table holds is folded |
//!
//! **`chunks.db`**: the history.
//!
//! | table | |
//! |---|---|
//! | `meta` | `deployment`; `fingerprint_key`, 16 secret bytes; `folded`: every position up to it is folded; `log_born`: `log.db` was made |
//! | `chunk` | `id`, `data` (layout in `chunk`). Appended in the order of id, overwritten in place by deletions, never moved: that is what makes a deletion true |
//! | `chat` | by chat key: `head` (layout in `chinwag_chat::stored`), `spine`: the newest block (layout in `spine`) |
//! | `spine` | by chat key and first seq: the full blocks |
//! | `ids` | `id`: the first 64 bits of an id's key as a signed number, `seq`: the entry that it made. The entry holds the whole key, the fingerprint and the offset, also after its content was wiped |
//! | `ids_beside` | by whole key: `seq`, for keys whose first 64 bits were taken |
//! | `state` | by chat key and seq of the entry that changed members, roles or settings: `whole` 1 and the state after it, or 0 and the entry itself; one in 64 is whole, the first is |
//! | `view` | by chat key and seq of a touched message: its view row, without the content of the last edit (that is in the edit's own entry) |
//!
//! Keys of chats and layouts of heads, states, entries and views are those of `chinwag_chat::stored`.

use rusqlite::Transaction;

use super::database::Schema;

/// The log's file.
pub(super) const LOG: &str = "log.db";
/// The chunks' file.
pub(super) const CHUNKS: &str = "chunks.db";

/// The log's tables.
pub(super) const LOG_TABLES: [&str; 16] = [
    "log_a", "log_b", "log_c", "log_d", "log_e", "log_f", "log_g", "log_h", "log_i", "log_j", "log_k",
    "log_l", "log_m", "log_n", "log_o", "log_p",
];

/// `cwlg`.
const LOG_APPLICATION: i32 = 0x6377_6c67;
/// `cwch`.
const CHUNKS_APPLICATION: i32 = 0x6377_6368;

pub(super) const LOG_SCHEMA: Schema = Schema { file: LOG, application: LOG_APPLICATION, steps: &[log_1] };
pub(super) const CHUNKS_SCHEMA: Schema =
    Schema { file: CHUNKS, application: CHUNKS_APPLICATION, steps: &[chunks_1] };

fn log_1(db: &Transaction<'_>) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID")?;
    LOG_TABLES.iter().try_for_each(|table| {
        db.execute_batch(&format!(
            "CREATE TABLE {table} (pos INTEGER PRIMARY KEY, count INTEGER NOT NULL, records BLOB NOT NULL) STRICT"
        ))
    })
}

fn chunks_1(db: &Transaction<'_>) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE chunk (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
         CREATE TABLE chat (chat BLOB PRIMARY KEY, head BLOB NOT NULL, spine BLOB NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE spine (chat BLOB NOT NULL, first_seq INTEGER NOT NULL, data BLOB NOT NULL,
                             PRIMARY KEY (chat, first_seq)) STRICT, WITHOUT ROWID;
         CREATE TABLE ids_run (run INTEGER PRIMARY KEY, count INTEGER NOT NULL, first_block INTEGER NOT NULL,
                               fences BLOB NOT NULL, filter BLOB NOT NULL) STRICT;
         CREATE TABLE ids (block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
         CREATE TABLE state (chat BLOB NOT NULL, seq INTEGER NOT NULL, whole INTEGER NOT NULL, data BLOB NOT NULL,
                             PRIMARY KEY (chat, seq)) STRICT, WITHOUT ROWID;
         CREATE TABLE view (chat BLOB NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL,
                            PRIMARY KEY (chat, seq)) STRICT, WITHOUT ROWID;
         INSERT INTO meta VALUES ('folded', 0);",
    )
}
