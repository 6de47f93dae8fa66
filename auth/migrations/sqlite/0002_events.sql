-- What happened, for the person whose account it is. Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which things happened
    at         INTEGER NOT NULL,                  -- the last time, if it happened more than once
    kind       TEXT    NOT NULL,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE, -- none: of a name that nobody has
    session_id TEXT,
    reason     TEXT,                              -- why a session ended
    count      INTEGER NOT NULL DEFAULT 1,
    agent      TEXT    NOT NULL,
    place      TEXT    NOT NULL
) STRICT;

CREATE INDEX events_by_account ON events (account_id, id);
CREATE INDEX events_by_time ON events (at);
