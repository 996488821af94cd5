-- Why: objects lie under a key of their own, so that garbage collection cannot meet a new upload of the same bytes; files that
-- clients log have no attempt, and their path is still unique in its run.
-- Safe: new columns are nullable or have a constant default; no row without an attempt was ever written twice.
-- Locks: ACCESS EXCLUSIVE while the unique constraint is rebuilt: seconds at a million artifacts. Gives up after 5 s of waiting.
-- Undo: drop the columns, recreate the constraint without NULLS NOT DISTINCT.
SET LOCAL lock_timeout = '5s';--> statement-breakpoint
ALTER TABLE "artifacts" DROP CONSTRAINT "artifacts_path";--> statement-breakpoint
ALTER TABLE "objects" ADD COLUMN "key" text;--> statement-breakpoint
ALTER TABLE "objects" ADD COLUMN "touched_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE INDEX "artifacts_object" ON "artifacts" USING btree ("org_id","sha256");--> statement-breakpoint
CREATE INDEX "objects_touched" ON "objects" USING btree ("touched_at");--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_path" UNIQUE NULLS NOT DISTINCT("run_id","attempt_id","path");