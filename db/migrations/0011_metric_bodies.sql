-- Why: points at rest are packed, a few bytes each; arrays stay for what came in the last minutes. Bodies are compressed already,
-- so Postgres must not try again.
-- Safe: columns that may be null and one table. The release before writes and reads arrays; it does not see packed points.
-- Undo: unpack them, drop the two columns and the table, make the arrays not null.
CREATE TABLE "metric_compaction" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"after" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
ALTER TABLE "metric_batches" ALTER COLUMN "steps" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_batches" ALTER COLUMN "times" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_batches" ALTER COLUMN "values" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "points" integer;--> statement-breakpoint
ALTER TABLE "metric_batches" ADD COLUMN "body" "bytea";--> statement-breakpoint
ALTER TABLE "metric_batches" ADD CONSTRAINT "metric_batches_held" CHECK (body is not null or values is not null);--> statement-breakpoint
ALTER TABLE "metric_batches" ALTER COLUMN "body" SET STORAGE EXTERNAL;
