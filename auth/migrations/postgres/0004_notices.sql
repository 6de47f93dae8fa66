-- Nodes that listen on the channel "daypass" hear what no longer is as they may remember it:
--   s:<secret hash in hex>  a session ended, or its cookie is of another generation or was seen
--   a:<number>              an account's state, epoch or password changed, or it is gone with its sessions
--   *                       so much of it at once that each by itself would be a flood
-- A notice is sent if and only if its transaction commits. That a session is used says nothing here.

CREATE FUNCTION sessions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed TEXT[];
BEGIN
    changed := ARRAY(
        SELECT encode(after.secret_hash, 'hex')
        FROM rows_after after JOIN rows_before before USING (secret_hash)
        WHERE after.ended_at IS DISTINCT FROM before.ended_at OR after.generation <> before.generation
              OR after.seen_at IS DISTINCT FROM before.seen_at
        LIMIT 101);
    IF cardinality(changed) > 100 THEN
        PERFORM pg_notify('daypass', '*');
    ELSE
        PERFORM pg_notify('daypass', 's:' || hash) FROM unnest(changed) AS hash;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER sessions_changed AFTER UPDATE ON sessions
    REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE FUNCTION accounts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed BIGINT[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT id FROM rows_before LIMIT 101);
    ELSE
        changed := ARRAY(
            SELECT id FROM rows_after after JOIN rows_before before USING (id)
            WHERE (after.state, after.epoch, after.password_hash)
                  IS DISTINCT FROM (before.state, before.epoch, before.password_hash)
            LIMIT 101);
    END IF;
    IF cardinality(changed) > 100 THEN
        PERFORM pg_notify('daypass', '*');
    ELSE
        PERFORM pg_notify('daypass', 'a:' || account) FROM unnest(changed) AS account;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
    REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_changed();
CREATE TRIGGER accounts_deleted AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS rows_before
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_changed();
