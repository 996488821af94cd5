-- Why: a refused attempt was kept once for each number of a request, which whoever asks chooses: with the same number again, nobody's
-- further attempts came into the audit log. How often one is kept is decided where it is written (server/access/denied.ts).
-- Safe: entries stay as they are; nothing reads by this index, and the release before only writes past it.
-- Locks: ACCESS EXCLUSIVE for a moment; gives up after 2 s rather than queue writers behind it.
-- Undo: create the index again, after removing what it would not hold.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
DROP INDEX "audit_log_denied_once";