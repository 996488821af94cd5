-- Why: a page deep in a list by start must cost what the first does. For a tenant's session Postgres compares only what cannot leak
-- along an index, and takes coalesce() for something that may: it read every run from the newest on. A CASE of the same is no such thing.
-- Safe: no rows are touched. The release before sorts these lists without an index until it is replaced.
-- Locks: SHARE on runs while the index is built (seconds for a million runs): readers go on, writers wait.
-- Undo: drop the index and create runs_experiment_start on (experiment_id, coalesce(started_at, created_at), id).
CREATE INDEX "runs_experiment_begun" ON "runs" USING btree ("experiment_id",(case when started_at is null then created_at else started_at end),"id");--> statement-breakpoint
DROP INDEX "runs_experiment_start";
