-- The directory, version 2: what the server keeps for encrypted chats. Never edited once released: a change
-- is a new file. Keys and links are opaque bytes.

-- One-time key packages. `bytes` is NULL once it was given out; the row stays for a while, so that the same one
-- is not given out again when it is published again. `hash` is SHA-256 of the bytes.
CREATE TABLE key_package (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    bytes BLOB,
    UNIQUE (device, hash)
) STRICT;
CREATE INDEX key_package_waiting ON key_package (device, id) WHERE bytes IS NOT NULL;
CREATE INDEX key_package_given ON key_package (device, id) WHERE bytes IS NULL;

CREATE TABLE last_resort_key_package (
    device INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

-- Device chains, which outlive their users. Numbered from 1 without a hole.
CREATE TABLE device_link (
    user INTEGER NOT NULL REFERENCES user (id),
    version INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (user, version)
) STRICT;

-- Who has put which blob into which chat: (kind, a, b) as in `membership`, `hash` is the blob's name. `bytes` is
-- what it counts as, `at` when it was put.
CREATE TABLE blob (
    hash BLOB NOT NULL,
    kind INTEGER NOT NULL,
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    user INTEGER NOT NULL REFERENCES user (id),
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, kind, a, b, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_of ON blob (user, at, bytes);
