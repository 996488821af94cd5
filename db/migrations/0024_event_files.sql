ALTER TABLE "artifacts" ADD COLUMN "is_event_file" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "read_sha256" text;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "scalars_read" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "artifacts_unread" ON "artifacts" USING btree ("id") WHERE is_event_file and read_sha256 is distinct from sha256;