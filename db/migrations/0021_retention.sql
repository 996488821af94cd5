CREATE TABLE "retention_rules" (
	"org_id" text PRIMARY KEY NOT NULL,
	"rules" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "retention_rules" ADD CONSTRAINT "retention_rules_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "log_heads_archive" ON "log_heads" USING btree ("archive_sha256") WHERE archive_sha256 is not null;--> statement-breakpoint
CREATE INDEX "objects_by_hash" ON "objects" USING btree ("sha256") WHERE key is null;--> statement-breakpoint
CREATE INDEX "runs_deleted" ON "runs" USING btree ("org_id","deleted_at") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "runs_code" ON "runs" USING btree ("org_id",(spec -> 'code' ->> 'sha256')) WHERE spec -> 'code' ->> 'sha256' is not null;