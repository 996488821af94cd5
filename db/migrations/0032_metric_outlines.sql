-- Why: a chart of twenty runs with a million points each unpacked all of them, more than a second; long charts read outlines, which
-- compaction makes. It looks at everything once more, so that batches packed before get theirs.
-- Safe: columns that may be null; the release before neither reads nor writes them, and what it packs gets its outline later.
-- Locks: ACCESS EXCLUSIVE on metric_batches for a moment; gives up after ten seconds rather than queue behind a long read: then run it again.
-- Undo: ALTER TABLE metric_batches DROP COLUMN outline, DROP COLUMN cell_steps, DROP COLUMN cell_ms.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "outline" "bytea";--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "cell_steps" bigint;--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "cell_ms" bigint;--> statement-breakpoint
UPDATE "metric_compaction" SET "after" = '';
