-- Why: what a cluster's scheduler gave to others was nobody's in the costs, and so idle; what lies in the object store and what
-- endpoints serve had no meter. Charges may name a sweep, an endpoint, a release or a pipeline, and are summed by them.
-- Safe: new tables; new columns are null. A worker of the release before rates hours without these tables: replace it before agents
-- of this release are started, and before a price of storage is added.
-- Locks: ACCESS EXCLUSIVE on ledger_entries and usage_meters for an instant; gives up after 2 s rather than queue writers behind it.
-- Undo: DROP TABLE outside_usage, outside_jobs, outside_clocks, outside_accounts, served_counts, served_meters, stored_intervals,
-- stored_clocks, cost_facet_days; drop the columns. What was booked of them stays in the ledger.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
CREATE TABLE "outside_accounts" (
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"account" text NOT NULL,
	"user_name" text NOT NULL,
	"project_id" text NOT NULL,
	"named_by" text NOT NULL,
	"named_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outside_accounts_cluster_id_account_user_name_pk" PRIMARY KEY("cluster_id","account","user_name")
);
--> statement-breakpoint
CREATE TABLE "outside_clocks" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"told_to" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outside_jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"job" text NOT NULL,
	"name" text NOT NULL,
	"user_name" text NOT NULL,
	"account" text NOT NULL,
	"project_id" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"alive_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"evidence" text NOT NULL,
	CONSTRAINT "outside_jobs_once" UNIQUE("cluster_id","job","started_at"),
	CONSTRAINT "outside_jobs_forward" CHECK (ended_at is null or ended_at >= started_at),
	CONSTRAINT "outside_jobs_evidence_known" CHECK ("outside_jobs"."evidence" in ('inferred', 'provisional', 'accounted'))
);
--> statement-breakpoint
CREATE TABLE "outside_usage" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"milli" integer NOT NULL,
	"outside_job_id" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone,
	"evidence" text NOT NULL,
	CONSTRAINT "outside_usage_milli" CHECK (milli > 0),
	CONSTRAINT "outside_usage_forward" CHECK (until_at is null or until_at >= from_at),
	CONSTRAINT "outside_usage_evidence_known" CHECK ("outside_usage"."evidence" in ('inferred', 'provisional', 'accounted'))
);
--> statement-breakpoint
CREATE TABLE "cost_facet_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"facet" text NOT NULL,
	"key" text NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_facet_days_org_id_facet_day_project_id_key_pk" PRIMARY KEY("org_id","facet","day","project_id","key"),
	CONSTRAINT "cost_facet_days_facet_known" CHECK ("cost_facet_days"."facet" in ('sweep', 'endpoint', 'release', 'pipeline'))
);
--> statement-breakpoint
CREATE TABLE "served_counts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"meter_id" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"count" bigint NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "served_counts_once" UNIQUE("meter_id","key","kind","model"),
	CONSTRAINT "served_counts_some" CHECK (count > 0),
	CONSTRAINT "served_counts_forward" CHECK (until_at > from_at),
	CONSTRAINT "served_counts_kind_known" CHECK ("served_counts"."kind" in ('request', 'token'))
);
--> statement-breakpoint
CREATE TABLE "served_meters" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"project_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"endpoint_id" text NOT NULL,
	"release_id" text,
	"pipeline_id" text,
	"counter" text NOT NULL,
	CONSTRAINT "served_meters_once" UNIQUE("org_id","endpoint_id","counter")
);
--> statement-breakpoint
CREATE TABLE "stored_clocks" (
	"org_id" text PRIMARY KEY NOT NULL,
	"looked_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stored_intervals" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"what" text NOT NULL,
	"bytes" bigint NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone NOT NULL,
	"evidence" text NOT NULL,
	CONSTRAINT "stored_intervals_evidence_known" CHECK ("stored_intervals"."evidence" in ('measured', 'inferred')),
	CONSTRAINT "stored_intervals_some" CHECK (bytes > 0),
	CONSTRAINT "stored_intervals_forward" CHECK (until_at >= from_at),
	CONSTRAINT "stored_intervals_what_known" CHECK ("stored_intervals"."what" in ('artifacts', 'checkpoints', 'code', 'logs', 'models'))
);
--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "sweep_id" text;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "endpoint_id" text;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "release_id" text;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "pipeline_id" text;--> statement-breakpoint
ALTER TABLE "usage_meters" ADD COLUMN "sweep_id" text;--> statement-breakpoint
ALTER TABLE "usage_meters" ADD COLUMN "endpoint_id" text;--> statement-breakpoint
ALTER TABLE "usage_meters" ADD COLUMN "release_id" text;--> statement-breakpoint
ALTER TABLE "usage_meters" ADD COLUMN "pipeline_id" text;--> statement-breakpoint
ALTER TABLE "outside_accounts" ADD CONSTRAINT "outside_accounts_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outside_accounts" ADD CONSTRAINT "outside_accounts_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outside_clocks" ADD CONSTRAINT "outside_clocks_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outside_jobs" ADD CONSTRAINT "outside_jobs_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outside_jobs" ADD CONSTRAINT "outside_jobs_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outside_usage" ADD CONSTRAINT "outside_usage_outside_job_id_outside_jobs_id_fk" FOREIGN KEY ("outside_job_id") REFERENCES "public"."outside_jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "served_counts" ADD CONSTRAINT "served_counts_meter_id_served_meters_id_fk" FOREIGN KEY ("meter_id") REFERENCES "public"."served_meters"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "served_meters" ADD CONSTRAINT "served_meters_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stored_clocks" ADD CONSTRAINT "stored_clocks_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stored_intervals" ADD CONSTRAINT "stored_intervals_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "outside_jobs_open" ON "outside_jobs" USING btree ("cluster_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "outside_usage_asset" ON "outside_usage" USING btree ("cluster_id","node","kind","until_at");--> statement-breakpoint
CREATE INDEX "outside_usage_job" ON "outside_usage" USING btree ("outside_job_id");--> statement-breakpoint
CREATE INDEX "served_counts_hour" ON "served_counts" USING btree ("meter_id","kind","from_at");--> statement-breakpoint
CREATE INDEX "served_meters_endpoint" ON "served_meters" USING btree ("cluster_id","endpoint_id");--> statement-breakpoint
CREATE INDEX "stored_intervals_hour" ON "stored_intervals" USING btree ("org_id","what","until_at");--> statement-breakpoint
-- By hand, what drizzle cannot say: nothing is counted twice.
ALTER TABLE "outside_jobs" ADD CONSTRAINT "outside_jobs_apart" EXCLUDE USING gist ("cluster_id" WITH =, "job" WITH =, tstzrange("started_at", "ended_at") WITH &&);--> statement-breakpoint
ALTER TABLE "outside_usage" ADD CONSTRAINT "outside_usage_apart" EXCLUDE USING gist ("outside_job_id" WITH =, "node" WITH =, "kind" WITH =, "model" WITH =, tstzrange("from_at", "until_at") WITH &&);--> statement-breakpoint
ALTER TABLE "stored_intervals" ADD CONSTRAINT "stored_intervals_apart" EXCLUDE USING gist ("project_id" WITH =, "what" WITH =, tstzrange("from_at", "until_at") WITH &&);--> statement-breakpoint
ALTER TABLE "served_counts" ADD CONSTRAINT "served_counts_apart" EXCLUDE USING gist ("meter_id" WITH =, "kind" WITH =, "model" WITH =, tstzrange("from_at", "until_at") WITH &&);--> statement-breakpoint
SELECT isolate_by_org(held) FROM unnest(ARRAY['cost_facet_days', 'outside_accounts', 'outside_clocks', 'outside_jobs', 'outside_usage', 'served_counts', 'served_meters', 'stored_clocks', 'stored_intervals']) AS held;