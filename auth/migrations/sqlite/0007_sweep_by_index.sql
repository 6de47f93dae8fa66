-- A sweep finds each kind of dead session by an index, so that it holds up no sign-in however many are alive. No
-- index holds when a session was last used, or each use would move its entry: a session is never renewed after its
-- last use, so among those that were renewed long ago, or never, are all that were last used long ago.
DROP INDEX sessions_by_last_seen;
CREATE INDEX sessions_by_renewal ON sessions (remembered, coalesce(renewed_at, authenticated_at))
    WHERE ended_at IS NULL;
CREATE INDEX sessions_by_deadline ON sessions (absolute_deadline) WHERE ended_at IS NULL;
