-- Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: a cookie of a deleted account stays one
    name          TEXT    NOT NULL UNIQUE,           -- in its one spelling, see AccountName
    password_hash TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    epoch         INTEGER NOT NULL DEFAULT 0,
    demo          INTEGER NOT NULL DEFAULT 0 CHECK (demo IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    secret_hash       BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32), -- SHA-256; the secret is in the cookie alone
    id                TEXT    NOT NULL UNIQUE,
    account_id        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch             INTEGER NOT NULL,
    authenticated_at  INTEGER NOT NULL,
    last_seen_at      INTEGER NOT NULL,
    absolute_deadline INTEGER NOT NULL,
    remembered        INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    agent             TEXT    NOT NULL,
    place             TEXT    NOT NULL,
    ended_at          INTEGER,
    end_reason        TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at) WHERE ended_at IS NULL;
