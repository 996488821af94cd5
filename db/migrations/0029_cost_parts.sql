-- Why: what capacity's cost went to (used, idle, wasted, stranded, free) is kept by day, and a year of costs is read from sums that
-- are small enough for it. The sums follow `cost_daily` by a trigger, so that a worker of the release before moves them on too.
-- Safe: new tables; the two triggers on `cost_daily` and the one on `attempts` only write to them. What stands in `cost_daily` is
-- summed once, which takes seconds for millions of rows; nobody books meanwhile.
-- Locks: SHARE ROW EXCLUSIVE on cost_daily until the end; gives up after ten seconds rather than queue behind a long booking.
-- Undo: DROP TRIGGER cost_daily_added, cost_daily_moved ON cost_daily, attempts_split ON attempts; drop the functions and the tables.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE TABLE "attempt_use" (
	"attempt_id" text NOT NULL,
	"day" date NOT NULL,
	"kind" text NOT NULL,
	"org_id" text NOT NULL,
	"use" integer NOT NULL,
	CONSTRAINT "attempt_use_attempt_id_day_kind_pk" PRIMARY KEY("attempt_id","day","kind"),
	CONSTRAINT "attempt_use_share" CHECK (use between 0 and 1000)
);
--> statement-breakpoint
CREATE TABLE "cost_experiment_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"experiment_id" text NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_experiment_days_org_id_day_project_id_experiment_id_pk" PRIMARY KEY("org_id","day","project_id","experiment_id")
);
--> statement-breakpoint
CREATE TABLE "cost_parts" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"capacity_class" text NOT NULL,
	"part" text NOT NULL,
	"quantity" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_parts_org_id_day_cluster_id_project_id_kind_model_capacity_class_part_pk" PRIMARY KEY("org_id","day","cluster_id","project_id","kind","model","capacity_class","part"),
	CONSTRAINT "cost_parts_part_known" CHECK ("cost_parts"."part" in ('used', 'idle', 'unmeasured', 'wasted', 'stranded', 'free'))
);
--> statement-breakpoint
CREATE TABLE "cost_person_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_person_days_org_id_day_project_id_owner_id_pk" PRIMARY KEY("org_id","day","project_id","owner_id")
);
--> statement-breakpoint
CREATE TABLE "cost_project_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"capacity_class" text NOT NULL,
	"owners" text[] NOT NULL,
	"quantity" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_project_days_org_id_day_project_id_cluster_id_kind_model_capacity_class_pk" PRIMARY KEY("org_id","day","project_id","cluster_id","kind","model","capacity_class")
);
--> statement-breakpoint
CREATE TABLE "cost_split_marks" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "cost_split_marks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"day" date NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "cost_split_marks_due" ON "cost_split_marks" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "cost_split_marks_day" ON "cost_split_marks" USING btree ("cluster_id","day");--> statement-breakpoint
SELECT isolate_by_org(held) FROM unnest(ARRAY['attempt_use', 'cost_experiment_days', 'cost_parts', 'cost_person_days', 'cost_project_days', 'cost_split_marks']) AS held;--> statement-breakpoint
-- Embedded reports read it as they read the days themselves.
GRANT SELECT ON "cost_project_days" TO drover_embed;--> statement-breakpoint
CREATE POLICY "embed_cost_project_days" ON "cost_project_days" FOR SELECT TO drover_embed USING (org_id = (SELECT current_setting('drover.embed_org', true)) AND ((SELECT current_setting('drover.embed_projects', true)) = '*' OR project_id = ANY ((SELECT string_to_array(current_setting('drover.embed_projects', true), ','))::text[])));--> statement-breakpoint
CREATE FUNCTION add_to_cost_sums(gained cost_daily[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- Who booked later waits here until the end of who booked first, so that no two of them lock rows in another order.
  PERFORM pg_advisory_xact_lock(hashtextextended('cost sums of ' || org_id, 0)) FROM (SELECT DISTINCT org_id FROM unnest(gained) ORDER BY 1) AS one;
  INSERT INTO cost_project_days AS c (org_id, day, project_id, cluster_id, kind, model, capacity_class, owners, quantity, amount, provisional)
  SELECT org_id, day, project_id, cluster_id, kind, model, capacity_class, coalesce(array_agg(DISTINCT owner_id ORDER BY owner_id) FILTER (WHERE owner_id <> '' AND quantity <> 0), '{}'), sum(quantity), sum(amount), sum(provisional)
  FROM unnest(gained) GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (org_id, day, project_id, cluster_id, kind, model, capacity_class) DO UPDATE SET
    owners = CASE WHEN excluded.owners <@ c.owners THEN c.owners ELSE ARRAY(SELECT DISTINCT one FROM unnest(c.owners || excluded.owners) AS one ORDER BY one) END,
    quantity = c.quantity + excluded.quantity, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional;
  -- Whose use was taken back whole is nobody's any more. Only now, with the row locked, is it known what others booked.
  WITH less AS (SELECT DISTINCT org_id, day, project_id, cluster_id, kind, model, capacity_class FROM unnest(gained) WHERE owner_id <> '' AND quantity < 0)
  UPDATE cost_project_days c SET owners = ARRAY(
    SELECT d.owner_id FROM cost_daily d WHERE (d.org_id, d.day, d.project_id, d.cluster_id, d.kind, d.model, d.capacity_class) = (c.org_id, c.day, c.project_id, c.cluster_id, c.kind, c.model, c.capacity_class) AND d.owner_id <> ''
    GROUP BY d.owner_id HAVING bool_or(d.quantity <> 0) ORDER BY 1)
  FROM less WHERE (c.org_id, c.day, c.project_id, c.cluster_id, c.kind, c.model, c.capacity_class) = (less.org_id, less.day, less.project_id, less.cluster_id, less.kind, less.model, less.capacity_class);
  INSERT INTO cost_person_days AS c (org_id, day, project_id, owner_id, accelerator_hours, amount, provisional)
  SELECT org_id, day, project_id, owner_id, coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sum(amount), sum(provisional)
  FROM unnest(gained) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (org_id, day, project_id, owner_id) DO UPDATE SET accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional;
  INSERT INTO cost_experiment_days AS c (org_id, day, project_id, experiment_id, accelerator_hours, amount, provisional)
  SELECT org_id, day, project_id, experiment_id, coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sum(amount), sum(provisional)
  FROM unnest(gained) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (org_id, day, project_id, experiment_id) DO UPDATE SET accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional;
  INSERT INTO cost_split_marks (org_id, cluster_id, day, due_at) SELECT DISTINCT org_id, cluster_id, day, split_due(day) FROM unnest(gained);
END $$;--> statement-breakpoint
-- A day that goes on changes every minute: it is split anew every ten of them.
CREATE FUNCTION split_due(day date) RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT CASE WHEN day >= (now() AT TIME ZONE 'utc')::date - 1 THEN now() + interval '10 minutes' ELSE now() END $$;--> statement-breakpoint
CREATE FUNCTION cost_daily_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM fresh) THEN PERFORM add_to_cost_sums(array_agg(ROW(fresh.*)::cost_daily)) FROM fresh; END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION cost_daily_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM fresh) THEN
    PERFORM add_to_cost_sums(array_agg(ROW(day, org_id, project_id, owner_id, experiment_id, cluster_id, kind, model, capacity_class, fresh.quantity - stale.quantity, fresh.amount - stale.amount, fresh.provisional - stale.provisional)::cost_daily))
    FROM fresh JOIN stale USING (org_id, day, project_id, owner_id, experiment_id, cluster_id, kind, model, capacity_class);
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION attempts_split() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cost_split_marks (org_id, cluster_id, day, due_at)
  SELECT NEW.org_id, NEW.cluster_id, day::date, split_due(day::date) FROM generate_series((coalesce(NEW.started_at, NEW.assigned_at) AT TIME ZONE 'utc')::date::timestamp, (coalesce(NEW.ended_at, now()) AT TIME ZONE 'utc')::date, interval '1 day') AS day;
  RETURN NULL;
END $$;--> statement-breakpoint
LOCK TABLE "cost_daily" IN SHARE ROW EXCLUSIVE MODE;--> statement-breakpoint
CREATE TRIGGER "cost_daily_added" AFTER INSERT ON "cost_daily" REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION cost_daily_added();--> statement-breakpoint
CREATE TRIGGER "cost_daily_moved" AFTER UPDATE ON "cost_daily" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION cost_daily_moved();--> statement-breakpoint
-- Whether what an attempt held came to nothing is known at its end, perhaps after all of it was booked.
CREATE TRIGGER "attempts_split" AFTER UPDATE OF "status" ON "attempts" FOR EACH ROW WHEN (NEW.status IN ('ended', 'lost') AND OLD.status NOT IN ('ended', 'lost')) EXECUTE FUNCTION attempts_split();--> statement-breakpoint
INSERT INTO cost_project_days
SELECT org_id, day, project_id, cluster_id, kind, model, capacity_class, coalesce(array_agg(DISTINCT owner_id ORDER BY owner_id) FILTER (WHERE owner_id <> '' AND quantity <> 0), '{}'), sum(quantity), sum(amount), sum(provisional) FROM cost_daily GROUP BY 1, 2, 3, 4, 5, 6, 7;--> statement-breakpoint
INSERT INTO cost_person_days SELECT org_id, day, project_id, owner_id, coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sum(amount), sum(provisional) FROM cost_daily GROUP BY 1, 2, 3, 4;--> statement-breakpoint
INSERT INTO cost_experiment_days SELECT org_id, day, project_id, experiment_id, coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sum(amount), sum(provisional) FROM cost_daily GROUP BY 1, 2, 3, 4;--> statement-breakpoint
INSERT INTO cost_split_marks (org_id, cluster_id, day, due_at) SELECT DISTINCT org_id, cluster_id, day, now() FROM cost_daily;
