-- Why: MLflow's clients make experiments and runs of their own: without a spec, with tags, inputs and a life that the client ends.
-- Summaries of metrics learn their run's experiment, so that its runs are found and sorted by a metric without reading others.
-- Safe: new tables, columns with defaults, a column that may now be null and that older code always fills. An older server still
-- writes summaries; theirs get the experiment with the next write. Locks: the two tables while their indexes are built.
-- Undo: drop the tables, columns, indexes and checks; runs of clients would have to go before spec is made not null again.
CREATE TABLE "datasets" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"digest" text NOT NULL,
	"source_type" text NOT NULL,
	"source" text NOT NULL,
	"schema" text,
	"profile" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "datasets_once" UNIQUE("project_id","name","digest")
);
--> statement-breakpoint
CREATE TABLE "experiment_tags" (
	"experiment_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "experiment_tags_experiment_id_key_pk" PRIMARY KEY("experiment_id","key")
);
--> statement-breakpoint
CREATE TABLE "metric_receipts" (
	"run_id" text NOT NULL,
	"digest" "bytea" NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "metric_receipts_run_id_digest_pk" PRIMARY KEY("run_id","digest")
);
--> statement-breakpoint
CREATE TABLE "run_inputs" (
	"run_id" text NOT NULL,
	"dataset_id" text NOT NULL,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_inputs_run_id_dataset_id_pk" PRIMARY KEY("run_id","dataset_id")
);
--> statement-breakpoint
ALTER TABLE "runs" ALTER COLUMN "spec" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "experiments" ADD COLUMN "artifact_location" text;--> statement-breakpoint
ALTER TABLE "experiments" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "metric_summaries" ADD COLUMN "experiment_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "origin" text DEFAULT 'submitted' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "client_user" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "experiment_tags" ADD CONSTRAINT "experiment_tags_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "metric_receipts_at" ON "metric_receipts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "run_inputs_dataset" ON "run_inputs" USING btree ("dataset_id","run_id");--> statement-breakpoint
CREATE INDEX "metric_summaries_last" ON "metric_summaries" USING btree ("experiment_id","key","last","run_id");--> statement-breakpoint
CREATE INDEX "runs_experiment_start" ON "runs" USING btree ("experiment_id",coalesce(started_at, created_at),"id");--> statement-breakpoint
CREATE INDEX "runs_name" ON "runs" USING btree ("experiment_id","name");--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_origin_known" CHECK ("runs"."origin" in ('submitted', 'client'));--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_spec_of_submitted" CHECK (origin <> 'submitted' or spec is not null);--> statement-breakpoint
UPDATE "metric_summaries" SET "experiment_id" = "runs"."experiment_id" FROM "runs" WHERE "runs"."id" = "metric_summaries"."run_id";
