-- Why: one queue over all clusters: policies, quotas and the decayed use of each team; runs that are held, preempted, and kept
-- off nodes that failed them; estimates of when a run starts, and how far off they were.
-- Safe: new tables, and columns with constant defaults, which rewrite no rows. Older releases leave them alone.
-- Locks: writers of attempts wait while the partial index is built.
-- Undo: drop the five tables, the seven columns and attempts_usage.
CREATE TABLE "duration_history" (
	"experiment_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"samples" integer NOT NULL,
	"p50_seconds" double precision NOT NULL,
	"p90_seconds" double precision NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "queue_policies" (
	"org_id" text PRIMARY KEY NOT NULL,
	"policy" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quotas" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text NOT NULL,
	"model" text NOT NULL,
	"guaranteed" integer NOT NULL,
	"borrow" boolean NOT NULL,
	"most" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quotas_once" UNIQUE("org_id","scope","scope_id","model"),
	CONSTRAINT "quotas_scope_known" CHECK ("quotas"."scope" in ('team', 'project'))
);
--> statement-breakpoint
CREATE TABLE "start_estimates" (
	"run_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"first_told_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"first_start" timestamp (3) with time zone NOT NULL,
	"start" timestamp (3) with time zone NOT NULL,
	"basis" text NOT NULL,
	"actual_start" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "team_usage" (
	"team_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"weight" double precision DEFAULT 1 NOT NULL,
	"used" double precision DEFAULT 0 NOT NULL,
	"as_of" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "charged_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "usage_open" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "held_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "held_by" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "attained_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "excluded_nodes" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "checkpoint_cluster_id" text;--> statement-breakpoint
ALTER TABLE "duration_history" ADD CONSTRAINT "duration_history_org_id_experiment_id_experiments_org_id_id_fk" FOREIGN KEY ("org_id","experiment_id") REFERENCES "public"."experiments"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "queue_policies" ADD CONSTRAINT "queue_policies_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quotas" ADD CONSTRAINT "quotas_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "start_estimates" ADD CONSTRAINT "start_estimates_org_id_run_id_runs_org_id_id_fk" FOREIGN KEY ("org_id","run_id") REFERENCES "public"."runs"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_usage" ADD CONSTRAINT "team_usage_org_id_team_id_teams_org_id_id_fk" FOREIGN KEY ("org_id","team_id") REFERENCES "public"."teams"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "start_estimates_checked" ON "start_estimates" USING btree ("org_id","actual_start") WHERE actual_start is not null;--> statement-breakpoint
CREATE INDEX "team_usage_org" ON "team_usage" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "attempts_usage" ON "attempts" USING btree ("org_id","ended_at") WHERE usage_open;