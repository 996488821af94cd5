-- Why: a page of a search by MLflow's clients read some forty rows of every run on it: most of what such a search took. Of a run that has
-- ended a row holds what it logged, as the answer has it; the worker writes it, and whatever changes the run's values empties it.
-- A text must not outlive what it says: who changes a run's values shares the run's lock, and the worker writes a text only while it
-- has that lock alone, reading what was committed before. So either sees what the other did.
-- Safe: a table that the release before does not read, and keeps true, since triggers do. Runs that ended before are written by and by.
-- Locks: SHARE ROW EXCLUSIVE on the tables below for as long as it takes to look for runs that ended meanwhile (a second for some million
-- runs), so who logs waits; gives up after ten seconds rather than queue behind a long write: then run it again.
-- Undo: DROP TABLE run_texts; DROP FUNCTION forget_run_texts() CASCADE; DROP FUNCTION owe_run_text() CASCADE.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE TABLE "run_texts" (
	"run_id" text PRIMARY KEY NOT NULL,
	"experiment_id" text NOT NULL,
	"body" text,
	"owed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
SELECT isolate('run_texts', 'experiment_id IN (SELECT id FROM experiments)');--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON "run_texts" FROM drover_tenant;--> statement-breakpoint
INSERT INTO "run_texts" SELECT "id", "experiment_id" FROM "runs" WHERE "ended_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "run_texts_owed" ON "run_texts" USING btree ("owed_at") WHERE body is null;--> statement-breakpoint
CREATE FUNCTION forget_run_texts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE ids text[] := ARRAY(SELECT DISTINCT run_id FROM touched);
BEGIN
  PERFORM FROM runs WHERE id = ANY(ids) FOR KEY SHARE;
  UPDATE run_texts SET body = NULL, owed_at = now() WHERE run_id = ANY(ids) AND body IS NOT NULL;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION owe_run_text() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO run_texts (run_id, experiment_id) VALUES (NEW.id, NEW.experiment_id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;--> statement-breakpoint
DO $$
DECLARE held text;
BEGIN
  FOREACH held IN ARRAY ARRAY['metric_summaries', 'run_params', 'run_tags', 'run_inputs', 'run_models'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_run_texts()', held || '_text_added', held);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_run_texts()', held || '_text_changed', held);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_run_texts()', held || '_text_removed', held);
  END LOOP;
END $$;--> statement-breakpoint
CREATE TRIGGER "runs_text_made" AFTER INSERT ON "runs" FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION owe_run_text();--> statement-breakpoint
CREATE TRIGGER "runs_text_ended" AFTER UPDATE OF "ended_at" ON "runs" FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL) EXECUTE FUNCTION owe_run_text();--> statement-breakpoint
ALTER TABLE "run_texts" ADD CONSTRAINT "run_texts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- Those that ended while it waited for the locks.
INSERT INTO "run_texts" SELECT "id", "experiment_id" FROM "runs" WHERE "ended_at" IS NOT NULL AND NOT EXISTS (SELECT FROM "run_texts" WHERE "run_id" = "runs"."id");
