-- A sweep finds the dead by when they were renewed, which is never after their last use: so that no index has to hold
-- when a session was last used (see the next migration). And that finds room beside the row as it was, in pages that
-- are written from now on.
ALTER TABLE sessions SET (fillfactor = 70);
-- Of all sessions, not of those that are alive alone: statistics of an expression are kept for such an index alone.
CREATE INDEX sessions_by_renewal ON sessions (remembered, coalesce(renewed_at, authenticated_at));
ANALYZE sessions;
