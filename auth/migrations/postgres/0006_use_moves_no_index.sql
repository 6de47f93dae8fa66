-- That a session is used changes nothing that an index holds, and finds room beside the row as it was: then the
-- database writes the row anew, and none of its entries in five indexes (a heap-only tuple). A sweep finds the dead by
-- when they were renewed, which is never after their last use. Nodes of before may read the whole table to sweep, until
-- they are replaced.
LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE;
DROP INDEX sessions_by_last_seen;
-- Of all, not of those that are alive alone: it is by such an index that the database learns how few rows there are of
-- before some time.
CREATE INDEX sessions_by_renewal ON sessions (remembered, coalesce(renewed_at, authenticated_at));
ALTER TABLE sessions SET (fillfactor = 70);
