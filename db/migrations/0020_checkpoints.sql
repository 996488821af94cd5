-- Why: a run goes on from its checkpoint on another cluster: which files it had, and where their bytes lie.
-- Safe: new tables only; the code already running ignores them. The keys to runs and objects are checked on empty tables.
-- Undo: drop both tables. Agents then keep checkpoints on their own cluster, as before.
CREATE TABLE "run_checkpoint_files" (
	"run_id" text NOT NULL,
	"path" text NOT NULL,
	"org_id" text NOT NULL,
	"sha256" text NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "run_checkpoint_files_run_id_path_pk" PRIMARY KEY("run_id","path")
);
--> statement-breakpoint
CREATE TABLE "run_checkpoints" (
	"run_id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"attempt_id" text NOT NULL,
	"attempt_number" integer NOT NULL,
	"files" integer NOT NULL,
	"bytes" bigint NOT NULL,
	"stored_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "run_checkpoint_files" ADD CONSTRAINT "run_checkpoint_files_run_id_run_checkpoints_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run_checkpoints"("run_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_checkpoint_files" ADD CONSTRAINT "run_checkpoint_files_org_id_sha256_objects_org_id_sha256_fk" FOREIGN KEY ("org_id","sha256") REFERENCES "public"."objects"("org_id","sha256") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_checkpoints" ADD CONSTRAINT "run_checkpoints_org_id_run_id_runs_org_id_id_fk" FOREIGN KEY ("org_id","run_id") REFERENCES "public"."runs"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_checkpoint_files_object" ON "run_checkpoint_files" USING btree ("org_id","sha256");