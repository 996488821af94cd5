-- Why: MLflow's clients can send a large file in parts. What has come is kept until the file is whole, or for less than a day.
-- Safe: new tables; the release before goes on without them and tells clients to send files whole.
-- Locks: that of orgs, for the moment in which the reference is made.
-- Undo: DROP TABLE client_upload_parts, client_uploads.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
CREATE TABLE "client_upload_parts" (
	"upload_id" text NOT NULL,
	"number" integer NOT NULL,
	"bytes" bigint NOT NULL,
	"key" text NOT NULL,
	"sha256" text NOT NULL,
	CONSTRAINT "client_upload_parts_upload_id_number_pk" PRIMARY KEY("upload_id","number")
);
--> statement-breakpoint
CREATE TABLE "client_uploads" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"path" text NOT NULL,
	"parts" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "client_upload_parts" ADD CONSTRAINT "client_upload_parts_upload_id_client_uploads_id_fk" FOREIGN KEY ("upload_id") REFERENCES "public"."client_uploads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_uploads" ADD CONSTRAINT "client_uploads_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "client_uploads_created" ON "client_uploads" USING btree ("org_id","created_at");--> statement-breakpoint
SELECT isolate_by_org('client_uploads');--> statement-breakpoint
SELECT isolate_by_parent('client_upload_parts', 'upload_id', 'client_uploads');
