-- A session that was replaced by its own successor (a password that was confirmed or changed) knows it,
-- so that a sign-out that comes with the older cookie ends the newer session too.
ALTER TABLE sessions ADD COLUMN successor BLOB CHECK (successor IS NULL OR length(successor) = 32);
-- When the person signed in: such a proof starts a new session, and not a new visit.
ALTER TABLE sessions ADD COLUMN signed_in_at INTEGER;
