-- That a session is used changes nothing that an index holds: the database writes the row anew, and none of its entries
-- in five indexes (a heap-only tuple). Nodes of before may read the whole table to sweep, until they are replaced.
-- Taken away at once or not at all, since whoever waits for this lock holds up all that comes after: longer than the
-- second after which a vacuum gives way, shorter than the two for which nodes wait.
SET LOCAL lock_timeout = '1500ms';
DROP INDEX sessions_by_last_seen;
