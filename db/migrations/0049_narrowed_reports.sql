-- Why: a view of spend that is narrowed could not be published for other sites, since a report had nowhere to keep what it is narrowed to.
-- Safe: the new column is null. A server of the release before shows a narrowed report whole, within what its site may see: replace it first.
-- Locks: ACCESS EXCLUSIVE on embed_reports, a handful of rows, for an instant; gives up after 2 s rather than queue readers behind it.
-- Undo: withdraw the reports that have a filter, and drop the column.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "embed_reports" ADD COLUMN "filter" jsonb;