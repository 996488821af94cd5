-- Why: a chart of twenty runs with a million points each read the outlines of more than a thousand batches; chapters hold those of
-- sixteen neighbours together, at several widths, so that it reads a tenth of the rows and half of the bytes, or less the longer the
-- series is. Compaction makes them, of what it packed before as well: it keeps a second mark, which the release before does not move.
-- Safe: a table and columns that nobody fills yet; the release before goes on reading every batch, and changes none that is in a chapter.
-- Locks: ACCESS EXCLUSIVE on metric_batches while two indexes are built (a second for some million rows): who logs points waits; gives
-- up after ten seconds rather than queue behind a long read: then run it again.
-- Undo: ALTER TABLE metric_batches DROP COLUMN chapter; DROP TABLE metric_chapters; ALTER TABLE metric_compaction DROP COLUMN chaptered.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE TABLE "metric_chapters" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"min_step" bigint NOT NULL,
	"max_step" bigint NOT NULL,
	"min_time" bigint NOT NULL,
	"max_time" bigint NOT NULL,
	"cell_steps" double precision[] NOT NULL,
	"cell_ms" double precision[] NOT NULL,
	"starts" integer[] NOT NULL,
	"outlines" "bytea" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "chapter" text;--> statement-breakpoint
ALTER TABLE "metric_compaction" ADD COLUMN "chaptered" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_chapters" ADD CONSTRAINT "metric_chapters_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "metric_chapters_series" ON "metric_chapters" USING btree ("run_id","key");--> statement-breakpoint
CREATE INDEX "metric_batches_loose" ON "metric_batches" USING btree ("run_id","key") WHERE chapter is null;--> statement-breakpoint
CREATE INDEX "metric_batches_chapter" ON "metric_batches" USING btree ("chapter") WHERE chapter is not null;--> statement-breakpoint
-- One level is read as a substring, of which only an uncompressed value reads no more than is asked for.
ALTER TABLE "metric_chapters" ALTER COLUMN "outlines" SET STORAGE EXTERNAL;--> statement-breakpoint
SELECT isolate_by_parent('metric_chapters', 'run_id', 'runs');
