-- Why: see 0035_param_search.sql. The policy asks for the row's experiment, looked up once for a statement, and no more for the run of
-- each row; the index over the digests of values goes, since the new one serves the same searches without touching the rows.
-- Safe: every row gets the experiment of its run, which never changes. The release before searches by a parameter without an index
-- until it is replaced.
-- Locks: the rows while they are written (a minute for ten million), then SHARE while the indexes are built: readers go on.
-- Undo: ALTER POLICY tenant as isolate_by_parent in 0025_tenants.sql; create run_params_key on (key, md5(value), run_id); drop the two.
UPDATE "run_params" SET "experiment_id" = "runs"."experiment_id" FROM "runs" WHERE "runs"."id" = "run_params"."run_id" AND "run_params"."experiment_id" = '';--> statement-breakpoint
CREATE INDEX "run_params_value" ON "run_params" USING btree ("experiment_id","key","value","run_id") WHERE length(value) <= 200;--> statement-breakpoint
CREATE INDEX "run_params_long" ON "run_params" USING btree ("experiment_id","key","run_id") WHERE length(value) > 200;--> statement-breakpoint
ALTER POLICY "tenant" ON "run_params" USING (experiment_id IN (SELECT id FROM experiments)) WITH CHECK (EXISTS (SELECT 1 FROM runs WHERE runs.id = run_id AND runs.experiment_id = run_params.experiment_id));--> statement-breakpoint
DROP INDEX "run_params_key";
