-- Why: a site dates its tokens by its own clock, which may be a minute ahead. What was signed before everything of it was revoked could
-- then be dated after, and opened a session. Of each site it is kept how far ahead its clock was seen, and revoking reckons with it.
-- Safe: constant default, so no table rewrite; the code already running ignores the column.
-- Locks: ACCESS EXCLUSIVE for milliseconds; gives up after 2 s rather than queue writers behind it.
-- Undo: drop the column.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "embed_clients" ADD COLUMN "ahead_seconds" integer DEFAULT 0 NOT NULL;