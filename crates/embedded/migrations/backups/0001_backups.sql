-- Backups, version 1. Times are milliseconds since 1970; ids are those of the protocol, as numbers.
-- Never edited once released: a change is a new file. Records are opaque bytes.

-- What a user has in all his chains together. Once `erased` is 1 he has nothing and gets nothing.
CREATE TABLE owner (
    user INTEGER PRIMARY KEY,
    records INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    chains INTEGER NOT NULL DEFAULT 0,
    erased INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `head` is the number of the last record; those from 1 on are there.
CREATE TABLE chain (
    user INTEGER NOT NULL,
    device INTEGER NOT NULL,
    head INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    user INTEGER NOT NULL,
    device INTEGER NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (user, device, number)
) STRICT;
