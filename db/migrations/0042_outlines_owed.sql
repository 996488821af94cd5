-- Why: 0032_metric_outlines.sql let compaction look at everything once more. Where a worker of the release before still ran, it was that
-- one which looked, and moved on: what it passed never got an outline. Rows that have none are found by themselves now.
-- Safe: an index; the release before keeps it up without knowing it.
-- Locks: SHARE on metric_batches while it is built (a second for some million rows): who logs points waits; gives up after ten seconds
-- rather than queue behind a long write: then run it again.
-- Undo: DROP INDEX metric_batches_plain.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE INDEX "metric_batches_plain" ON "metric_batches" USING btree ("id") WHERE outline is null and points >= 2048;
