-- What no longer is as another process may remember it, in the words that PostgreSQL's triggers use:
--   s:<secret hash in hex>  a session ended, or its cookie is of another generation or was seen
--   a:<number>              an account's state, epoch or password changed, or it is gone with its sessions
-- Written by triggers, so that no change goes unnoticed, whoever makes it. That a session is used says
-- nothing here.
CREATE TABLE notices (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    what TEXT NOT NULL
);

CREATE TRIGGER sessions_changed AFTER UPDATE ON sessions
WHEN new.ended_at IS NOT old.ended_at OR new.generation <> old.generation OR new.seen_at IS NOT old.seen_at
BEGIN
    INSERT INTO notices (what) VALUES ('s:' || lower(hex(new.secret_hash)));
END;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
WHEN new.state <> old.state OR new.epoch <> old.epoch OR new.password_hash <> old.password_hash
BEGIN
    INSERT INTO notices (what) VALUES ('a:' || new.id);
END;

CREATE TRIGGER accounts_deleted AFTER DELETE ON accounts
BEGIN
    INSERT INTO notices (what) VALUES ('a:' || old.id);
END;
