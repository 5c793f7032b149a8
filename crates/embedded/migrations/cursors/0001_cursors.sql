-- Read and delivered marks, version 1. Never edited once released: a change is a new file.

-- (kind, a, b) is the chat, as in the directory's table `membership`.
CREATE TABLE mark (
    user INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    read INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    PRIMARY KEY (user, kind, a, b)
) STRICT, WITHOUT ROWID;
