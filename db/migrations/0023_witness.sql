-- Why: what a scheduler's accounting says of ended attempts, beside the agents' journal, and who resolved a difference and why.
-- Safe: new tables; new columns are null.
-- Undo: DROP TABLE usage_witnesses, cluster_witnesses; ALTER TABLE usage_reviews DROP COLUMN resolved_by_name, DROP COLUMN note; DROP INDEX usage_reviews_org.
CREATE TABLE "cluster_witnesses" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"source" text NOT NULL,
	"trouble" text,
	"heard_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "cluster_witnesses_source_known" CHECK ("cluster_witnesses"."source" in ('slurm'))
);
--> statement-breakpoint
CREATE TABLE "usage_witnesses" (
	"attempt_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"source" text NOT NULL,
	"parts" jsonb NOT NULL,
	"agrees" boolean NOT NULL,
	"heard_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "usage_witnesses_source_known" CHECK ("usage_witnesses"."source" in ('slurm'))
);
--> statement-breakpoint
ALTER TABLE "usage_reviews" ADD COLUMN "resolved_by_name" text;--> statement-breakpoint
ALTER TABLE "usage_reviews" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "cluster_witnesses" ADD CONSTRAINT "cluster_witnesses_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_witnesses" ADD CONSTRAINT "usage_witnesses_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_witnesses_cluster" ON "usage_witnesses" USING btree ("cluster_id","heard_at");--> statement-breakpoint
CREATE INDEX "usage_reviews_org" ON "usage_reviews" USING btree ("org_id","opened_at");