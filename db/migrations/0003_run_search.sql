-- Why: runs are found by `key=value` of parameters and tags, and counted by status, without reading them all. A tag's value may be
-- longer than an index entry can be, so the index holds its hash; with the value itself a long tag could not be stored.
-- Safe: indexes only. Locks: writers of these tables wait while they are built.
-- Undo: drop the three, create run_tags_key on (key, value, run_id).
DROP INDEX "run_tags_key";--> statement-breakpoint
CREATE INDEX "run_params_key" ON "run_params" USING btree ("key",md5("value"),"run_id");--> statement-breakpoint
CREATE INDEX "runs_status" ON "runs" USING btree ("org_id","project_id","status");--> statement-breakpoint
CREATE INDEX "run_tags_key" ON "run_tags" USING btree ("key",md5("value"),"run_id");