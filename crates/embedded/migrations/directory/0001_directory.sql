-- The directory, version 1. Times are milliseconds since 1970; ids are those of the protocol, as numbers.
-- Never edited once released: a change is a new file.

-- Numbers of the node that outlive it: `incarnation` rises with every start.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for everybody who ever was. An erased user keeps his id and `created_at`; the texts are NULL.
CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    username TEXT UNIQUE,
    display_name TEXT,
    email TEXT,
    email_folded TEXT UNIQUE,
    password_hash TEXT,
    shows_presence INTEGER NOT NULL DEFAULT 1,
    shows_receipts INTEGER NOT NULL DEFAULT 1,
    shows_typing INTEGER NOT NULL DEFAULT 1,
    suspended INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    CHECK ((username IS NULL) = (password_hash IS NULL)),
    CHECK ((username IS NULL) = (display_name IS NULL)),
    CHECK ((email IS NULL) = (email_folded IS NULL))
) STRICT;

-- Names of erased users, which are never given again: SHA-256 of 'chinwag name ' and the name.
CREATE TABLE former_name (
    hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- One that is used up or taken back is gone; its number is not given again.
CREATE TABLE invite (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    note TEXT NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- `token` is SHA-256 of the token; NULL when logged out.
CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES user (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER,
    token BLOB UNIQUE,
    expires_at INTEGER,
    CHECK ((token IS NULL) = (expires_at IS NULL))
) STRICT;
CREATE INDEX device_of ON device (user, created_at);

CREATE TABLE contact (
    user INTEGER NOT NULL REFERENCES user (id),
    other INTEGER NOT NULL REFERENCES user (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_by_other ON contact (other);

CREATE TABLE block (
    user INTEGER NOT NULL REFERENCES user (id),
    other INTEGER NOT NULL REFERENCES user (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_by_other ON block (other);

-- The chats of users, a projection of the chats' own state. (kind, a, b) orders as chat ids do:
-- 0, low, high: direct; 1, group, 0: group; 2, owner, 0: inbox.
-- `role`: 0 no longer a member, 1 member, 2 admin, 3 owner, as the entry `seq` says.
CREATE TABLE membership (
    user INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (user, kind, a, b)
) STRICT, WITHOUT ROWID;

-- How many members a group has.
CREATE TABLE group_size (
    id INTEGER PRIMARY KEY,
    members INTEGER NOT NULL
) STRICT;

CREATE TRIGGER membership_begins AFTER INSERT ON membership WHEN NEW.kind = 1 AND NEW.role > 0
BEGIN
    INSERT INTO group_size VALUES (NEW.a, 1) ON CONFLICT (id) DO UPDATE SET members = members + 1;
END;

CREATE TRIGGER membership_changes AFTER UPDATE OF role ON membership
WHEN NEW.kind = 1 AND (NEW.role > 0) <> (OLD.role > 0)
BEGIN
    INSERT INTO group_size VALUES (NEW.a, 1)
    ON CONFLICT (id) DO UPDATE SET members = members + iif(NEW.role > 0, 1, -1);
END;

-- `fingerprint`: 16 bytes, the most significant first.
CREATE TABLE reservation (
    user INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (user, client_id)
) STRICT, WITHOUT ROWID;

-- Ids with this node number and a time before `until` may have been given.
CREATE TABLE id_lease (
    node INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
