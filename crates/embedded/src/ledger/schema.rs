//! The tables of the ledger's two databases, as public interfaces: a migration is never edited once
//! released; new ones expand first and contract in a later release. Golden files of each version are in the tests.
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

use crate::sqlite::Schema;

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

/// The log's database.
pub(super) const LOG_SCHEMA: Schema = Schema {
    file: LOG,
    application: LOG_APPLICATION,
    migrations: &[include_str!("../../migrations/ledger_log/0001_log.sql")],
};

/// The chunks' database.
pub(super) const CHUNKS_SCHEMA: Schema = Schema {
    file: CHUNKS,
    application: CHUNKS_APPLICATION,
    migrations: &[include_str!("../../migrations/ledger_chunks/0001_chunks.sql")],
};
