-- The same notices, found without a join: of rows that only changed in when they were used, tens of thousands
-- at once, a join of the two tables can take a minute, since nothing is known of their sizes when it is planned.

CREATE OR REPLACE FUNCTION sessions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed TEXT[];
BEGIN
    changed := ARRAY(
        SELECT encode(secret_hash, 'hex')
        FROM (SELECT secret_hash, ended_at, generation, seen_at FROM rows_after
              EXCEPT SELECT secret_hash, ended_at, generation, seen_at FROM rows_before) AS changed
        LIMIT 101);
    IF cardinality(changed) > 100 THEN
        PERFORM pg_notify('daypass', '*');
    ELSE
        PERFORM pg_notify('daypass', 's:' || hash) FROM unnest(changed) AS hash;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION accounts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed BIGINT[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT id FROM rows_before LIMIT 101);
    ELSE
        changed := ARRAY(
            SELECT id
            FROM (SELECT id, state, epoch, password_hash FROM rows_after
                  EXCEPT SELECT id, state, epoch, password_hash FROM rows_before) AS changed
            LIMIT 101);
    END IF;
    IF cardinality(changed) > 100 THEN
        PERFORM pg_notify('daypass', '*');
    ELSE
        PERFORM pg_notify('daypass', 'a:' || account) FROM unnest(changed) AS account;
    END IF;
    RETURN NULL;
END $$;
