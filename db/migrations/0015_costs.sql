-- Why: costs: usage intervals, prices with effective dates, a double-entry ledger and its sums.
-- Safe: new tables; one new column with a constant default, so no rewrite.
-- Undo: drop the tables and clusters.capacity_class.
-- By hand, at the end: what drizzle cannot say. Exclusion constraints refuse to count a device twice; the ledger and the
-- prices only grow; a transaction of the ledger adds up to nothing; the ledger is partitioned by month.
CREATE TABLE "capacity_intervals" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"milli" integer NOT NULL,
	"capacity_class" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone,
	CONSTRAINT "capacity_intervals_class_known" CHECK ("capacity_intervals"."capacity_class" in ('on-demand', 'spot', 'reserved', 'owned'))
);
--> statement-breakpoint
CREATE TABLE "cost_clocks" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"complete_to" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cost_daily" (
	"day" date NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"experiment_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"capacity_class" text NOT NULL,
	"quantity" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_daily_org_id_day_project_id_owner_id_experiment_id_cluster_id_kind_model_capacity_class_pk" PRIMARY KEY("org_id","day","project_id","owner_id","experiment_id","cluster_id","kind","model","capacity_class")
);
--> statement-breakpoint
CREATE TABLE "cost_runs" (
	"run_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"experiment_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"first_hour" timestamp (3) with time zone NOT NULL,
	"last_hour" timestamp (3) with time zone NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cost_settings" (
	"org_id" text PRIMARY KEY NOT NULL,
	"currency" text DEFAULT 'USD' NOT NULL,
	"rating_version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dirty_hours" (
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"marked_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dirty_hours_cluster_id_node_kind_model_hour_pk" PRIMARY KEY("cluster_id","node","kind","model","hour")
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"id" text NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"transaction_id" text NOT NULL,
	"line" smallint NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"period" text NOT NULL,
	"charge_class" text,
	"rating_version" integer NOT NULL,
	"account" text NOT NULL,
	"capacity_class" text NOT NULL,
	"attempt_id" text,
	"run_id" text,
	"project_id" text,
	"experiment_id" text,
	"owner_id" text,
	"price_id" text,
	"unit_price" numeric(20, 8) NOT NULL,
	"quantity" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"evidence" text NOT NULL,
	"reverses" boolean DEFAULT false NOT NULL,
	"posted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ledger_entries_id_hour_pk" PRIMARY KEY("id","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
CREATE TABLE "price_lines" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"cluster_id" text,
	"model" text,
	"capacity_class" text,
	"valid_from" timestamp (3) with time zone NOT NULL,
	"unit_price" numeric(20, 8),
	"note" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "price_lines_positive" CHECK (unit_price is null or unit_price >= 0)
);
--> statement-breakpoint
CREATE TABLE "usage_intervals" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"milli" integer NOT NULL,
	"device" text,
	"attempt_id" text NOT NULL,
	"run_id" text NOT NULL,
	"event" integer NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone,
	"evidence" text NOT NULL,
	CONSTRAINT "usage_intervals_milli" CHECK (milli > 0),
	CONSTRAINT "usage_intervals_forward" CHECK (until_at is null or until_at >= from_at),
	CONSTRAINT "usage_intervals_evidence_known" CHECK ("usage_intervals"."evidence" in ('measured', 'inferred', 'provisional'))
);
--> statement-breakpoint
CREATE TABLE "usage_meters" (
	"attempt_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"run_id" text NOT NULL,
	"next_event" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp (3) with time zone,
	"alive_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	"host_ahead_ms" integer
);
--> statement-breakpoint
CREATE TABLE "usage_reviews" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"attempt_id" text,
	"message" text NOT NULL,
	"evidence" jsonb,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp (3) with time zone,
	"resolved_by" text
);
--> statement-breakpoint
ALTER TABLE "clusters" ADD COLUMN "capacity_class" text DEFAULT 'owned' NOT NULL;--> statement-breakpoint
ALTER TABLE "capacity_intervals" ADD CONSTRAINT "capacity_intervals_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cost_settings" ADD CONSTRAINT "cost_settings_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_lines" ADD CONSTRAINT "price_lines_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_lines" ADD CONSTRAINT "price_lines_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_intervals" ADD CONSTRAINT "usage_intervals_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_meters" ADD CONSTRAINT "usage_meters_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cost_runs_last" ON "cost_runs" USING btree ("org_id","last_hour");--> statement-breakpoint
CREATE INDEX "cost_runs_experiment" ON "cost_runs" USING btree ("experiment_id");--> statement-breakpoint
CREATE INDEX "dirty_hours_org" ON "dirty_hours" USING btree ("org_id","hour");--> statement-breakpoint
CREATE INDEX "ledger_entries_asset" ON "ledger_entries" USING btree ("cluster_id","node","kind","hour");--> statement-breakpoint
CREATE INDEX "ledger_entries_run" ON "ledger_entries" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "price_lines_org" ON "price_lines" USING btree ("org_id","version");--> statement-breakpoint
CREATE INDEX "usage_intervals_asset" ON "usage_intervals" USING btree ("cluster_id","node","kind","from_at");--> statement-breakpoint
CREATE INDEX "usage_intervals_attempt" ON "usage_intervals" USING btree ("attempt_id");--> statement-breakpoint
CREATE INDEX "usage_intervals_run" ON "usage_intervals" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "usage_meters_open" ON "usage_meters" USING btree ("cluster_id") WHERE opened_at is not null and closed_at is null;--> statement-breakpoint
CREATE INDEX "usage_reviews_open" ON "usage_reviews" USING btree ("org_id") WHERE resolved_at is null;--> statement-breakpoint
ALTER TABLE "clusters" ADD CONSTRAINT "clusters_class_known" CHECK ("clusters"."capacity_class" in ('on-demand', 'spot', 'reserved', 'owned'));--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS btree_gist;--> statement-breakpoint
ALTER TABLE "usage_intervals" ADD CONSTRAINT "usage_intervals_device_once" EXCLUDE USING gist ("cluster_id" WITH =, "device" WITH =, tstzrange("from_at", "until_at") WITH &&) WHERE ("device" IS NOT NULL);--> statement-breakpoint
ALTER TABLE "capacity_intervals" ADD CONSTRAINT "capacity_intervals_once" EXCLUDE USING gist ("cluster_id" WITH =, "node" WITH =, "kind" WITH =, "model" WITH =, tstzrange("from_at", "until_at") WITH &&);--> statement-breakpoint
CREATE TABLE "ledger_entries_default" PARTITION OF "ledger_entries" DEFAULT;--> statement-breakpoint
DO $$
DECLARE month timestamptz := '2026-07-01 00:00:00+00';
BEGIN
  WHILE month < '2028-01-01 00:00:00+00' LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF ledger_entries FOR VALUES FROM (%L) TO (%L)', 'ledger_entries_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM'), month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    month := (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  END LOOP;
END $$;--> statement-breakpoint
CREATE FUNCTION costs_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% only grows: correct it with new rows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER "ledger_entries_only_grow" BEFORE UPDATE OR DELETE ON "ledger_entries" FOR EACH ROW EXECUTE FUNCTION costs_only_grow();--> statement-breakpoint
CREATE TRIGGER "ledger_entries_no_truncate" BEFORE TRUNCATE ON "ledger_entries" FOR EACH STATEMENT EXECUTE FUNCTION costs_only_grow();--> statement-breakpoint
CREATE TRIGGER "price_lines_only_grow" BEFORE UPDATE OR DELETE ON "price_lines" FOR EACH ROW EXECUTE FUNCTION costs_only_grow();--> statement-breakpoint
CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad text;
BEGIN
  SELECT transaction_id INTO bad FROM fresh GROUP BY transaction_id HAVING sum(amount) <> 0 LIMIT 1;
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'ledger transaction % does not balance', bad USING ERRCODE = 'check_violation'; END IF;
  SELECT transaction_id INTO bad FROM fresh WHERE amount <> unit_price * quantity AND line > 0 LIMIT 1;
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'ledger transaction % has an amount that is not price times quantity', bad USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "ledger_entries_balance" AFTER INSERT ON "ledger_entries" REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_balances();
