-- Why: a year of costs by outcome, by tag and by what capacity went to took seconds, since every run's day and every part was
-- added up by each look. Sums of parts follow by triggers. A run's outcome and its tags change after its days were booked, so a
-- changed day is marked, read run by run until a worker has written its sums anew, and so never tells what is not so.
-- The check of a month's close that nobody held more than there was added up every free hour; it looks at those that became less.
-- Safe: new tables and two indexes; the release before only sets marks. All days begin marked: views are as slow as they were until
-- a worker has been through them, a few milliseconds a day.
-- Locks: SHARE ROW EXCLUSIVE on runs, run_tags, cost_run_days and cost_parts, SHARE on cost_runs and ledger_entries while
-- their indexes are built (a second for a million rows); gives up after ten seconds rather than queue behind who books: then run it again.
-- Undo: DROP TRIGGER cost_run_days_mark_added, cost_run_days_mark_moved ON cost_run_days, run_tags_mark_added, run_tags_mark_moved,
-- run_tags_mark_gone ON run_tags, runs_mark ON runs, cost_parts_added, cost_parts_gone ON cost_parts; drop the functions, the indexes
-- and the tables.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE TABLE "cost_outcome_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"outcome" text NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_outcome_days_org_id_day_project_id_outcome_pk" PRIMARY KEY("org_id","day","project_id","outcome")
);
--> statement-breakpoint
CREATE TABLE "cost_part_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"part" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_part_days_org_id_day_project_id_part_pk" PRIMARY KEY("org_id","day","project_id","part")
);
--> statement-breakpoint
CREATE TABLE "cost_part_months" (
	"org_id" text NOT NULL,
	"month" date NOT NULL,
	"project_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"capacity_class" text NOT NULL,
	"part" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_part_months_org_id_month_project_id_cluster_id_kind_model_capacity_class_part_pk" PRIMARY KEY("org_id","month","project_id","cluster_id","kind","model","capacity_class","part")
);
--> statement-breakpoint
CREATE TABLE "cost_run_marks" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "cost_run_marks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"org_id" text NOT NULL,
	"day" date,
	"run_id" text,
	CONSTRAINT "cost_run_marks_one" CHECK (num_nonnulls(day, run_id) = 1)
);
--> statement-breakpoint
CREATE TABLE "cost_tag_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"runs" integer NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL
);
--> statement-breakpoint
CREATE INDEX "cost_run_marks_org" ON "cost_run_marks" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "cost_tag_days_day" ON "cost_tag_days" USING btree ("org_id","day");--> statement-breakpoint
CREATE INDEX "cost_tag_days_key" ON "cost_tag_days" USING btree ("org_id","key","day");--> statement-breakpoint
CREATE INDEX "ledger_entries_less_free" ON "ledger_entries" USING btree ("org_id","hour") WHERE line > 0 and attempt_id is null and quantity < 0;--> statement-breakpoint
CREATE INDEX "cost_runs_dearest" ON "cost_runs" USING btree ("org_id","amount" DESC NULLS FIRST,"run_id");--> statement-breakpoint
SELECT isolate_by_org(held) FROM unnest(ARRAY['cost_outcome_days', 'cost_part_days', 'cost_part_months', 'cost_run_marks', 'cost_tag_days']) AS held;--> statement-breakpoint
CREATE FUNCTION mark_run_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cost_run_marks (org_id, day) SELECT DISTINCT org_id, day FROM changed;
  RETURN NULL;
END $$;--> statement-breakpoint
-- Also where the run has cost nothing yet: whoever books at this moment does not see the tag, as we do not see what is booked.
-- What MLflow's clients say of themselves is not summed.
CREATE FUNCTION mark_tagged_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cost_run_marks (org_id, run_id) SELECT DISTINCT r.org_id, r.id FROM changed JOIN runs r ON r.id = changed.run_id WHERE changed.key NOT LIKE 'mlflow.%';
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION mark_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cost_run_marks (org_id, run_id) VALUES (NEW.org_id, NEW.id);
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION sum_parts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign numeric := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
BEGIN
  INSERT INTO cost_part_days AS c (org_id, day, project_id, part, amount)
  SELECT org_id, day, project_id, part, sign * sum(amount) FROM changed GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (org_id, day, project_id, part) DO UPDATE SET amount = c.amount + excluded.amount;
  INSERT INTO cost_part_months AS c (org_id, month, project_id, cluster_id, kind, model, capacity_class, part, amount)
  SELECT org_id, date_trunc('month', day::timestamp)::date, project_id, cluster_id, kind, model, capacity_class, part, sign * sum(amount) FROM changed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
  ON CONFLICT (org_id, month, project_id, cluster_id, kind, model, capacity_class, part) DO UPDATE SET amount = c.amount + excluded.amount;
  RETURN NULL;
END $$;--> statement-breakpoint
LOCK TABLE "runs", "run_tags", "cost_run_days", "cost_parts" IN SHARE ROW EXCLUSIVE MODE;--> statement-breakpoint
CREATE TRIGGER "cost_run_days_mark_added" AFTER INSERT ON "cost_run_days" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_run_days();--> statement-breakpoint
CREATE TRIGGER "cost_run_days_mark_moved" AFTER UPDATE ON "cost_run_days" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_run_days();--> statement-breakpoint
CREATE TRIGGER "run_tags_mark_added" AFTER INSERT ON "run_tags" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged_runs();--> statement-breakpoint
CREATE TRIGGER "run_tags_mark_moved" AFTER UPDATE ON "run_tags" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged_runs();--> statement-breakpoint
CREATE TRIGGER "run_tags_mark_gone" AFTER DELETE ON "run_tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged_runs();--> statement-breakpoint
CREATE TRIGGER "runs_mark" AFTER UPDATE OF "status" ON "runs" FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION mark_run();--> statement-breakpoint
CREATE TRIGGER "cost_parts_added" AFTER INSERT ON "cost_parts" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sum_parts();--> statement-breakpoint
CREATE TRIGGER "cost_parts_gone" AFTER DELETE ON "cost_parts" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sum_parts();--> statement-breakpoint
INSERT INTO cost_run_marks (org_id, day) SELECT DISTINCT org_id, day FROM cost_run_days;--> statement-breakpoint
INSERT INTO cost_part_days SELECT org_id, day, project_id, part, sum(amount) FROM cost_parts GROUP BY 1, 2, 3, 4;--> statement-breakpoint
INSERT INTO cost_part_months SELECT org_id, date_trunc('month', day::timestamp)::date, project_id, cluster_id, kind, model, capacity_class, part, sum(amount) FROM cost_parts GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
