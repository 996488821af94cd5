-- Why: runs are searched by parameters as they are by metrics: within their experiments, along an index that holds the values, so that
-- no row is read. The rows learn their run's experiment for that; those that are there learn it in the next file.
-- Safe: a column with a default. What the release before writes is filled by the trigger.
-- Locks: ACCESS EXCLUSIVE on run_params for a moment; gives up after ten seconds rather than queue behind a long read: then run it again.
-- Undo: DROP TRIGGER run_params_place ON run_params; DROP FUNCTION place_param(); drop the column.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
ALTER TABLE "run_params" ADD COLUMN "experiment_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE FUNCTION place_param() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.experiment_id := coalesce((SELECT experiment_id FROM runs WHERE id = NEW.run_id), '');
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "run_params_place" BEFORE INSERT ON "run_params" FOR EACH ROW WHEN (NEW.experiment_id = '') EXECUTE FUNCTION place_param();
