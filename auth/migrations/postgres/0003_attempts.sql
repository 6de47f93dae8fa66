-- Tries to give a password, counted before it is hashed. Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE attempts (
    bucket   BYTEA  PRIMARY KEY CHECK (octet_length(bucket) = 32), -- keyed: says nothing of who or where
    failures BIGINT NOT NULL,                                      -- tries that were not right, or not known to be yet
    last_at  BIGINT NOT NULL
);

CREATE INDEX attempts_by_time ON attempts (last_at);
