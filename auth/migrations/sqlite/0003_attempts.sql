-- Tries to give a password, counted before it is hashed. Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE attempts (
    bucket   BLOB    PRIMARY KEY CHECK (length(bucket) = 32), -- keyed: says nothing of who or where
    failures INTEGER NOT NULL,                                -- tries that were not right, or not known to be yet
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_time ON attempts (last_at);
