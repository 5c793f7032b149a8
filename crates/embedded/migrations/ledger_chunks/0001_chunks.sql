-- The history. The tables are described in src/ledger/schema.rs.

CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('folded', 0);

-- Appended in the order of id and overwritten in place; a row is never moved, and so leaves no copy.
CREATE TABLE chunk (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

CREATE TABLE chat (
    chat BLOB PRIMARY KEY,
    head BLOB NOT NULL,
    spine BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE spine (
    chat BLOB NOT NULL,
    first_seq INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE ids_run (
    run INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    fences BLOB NOT NULL,
    filter BLOB NOT NULL
) STRICT;

CREATE TABLE ids (block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

CREATE TABLE state (
    chat BLOB NOT NULL,
    seq INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE view (
    chat BLOB NOT NULL,
    seq INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat, seq)
) STRICT, WITHOUT ROWID;
