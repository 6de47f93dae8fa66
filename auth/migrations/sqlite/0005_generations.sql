-- A session's cookie is renewed by activity: each new one is of the next generation. An older one that
-- comes long after the newer was seen was copied.
ALTER TABLE sessions ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
-- When the present generation was issued, and when it was first presented.
ALTER TABLE sessions ADD COLUMN renewed_at INTEGER;
ALTER TABLE sessions ADD COLUMN seen_at INTEGER;
