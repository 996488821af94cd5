-- Why: a cluster's own scheduler (Slurm) has partitions, limits and jobs from outside Drover, and a word on each attempt's job.
-- Safe: a new table, and a nullable column without a default; the code already running ignores both.
-- Undo: drop the table and the column.
CREATE TABLE "cluster_schedulers" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"report" jsonb NOT NULL,
	"jobs" jsonb NOT NULL,
	"job_count" integer NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "scheduler" jsonb;--> statement-breakpoint
ALTER TABLE "cluster_schedulers" ADD CONSTRAINT "cluster_schedulers_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;
