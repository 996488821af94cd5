CREATE TABLE "set_aside_findings" (
	"node_id" text NOT NULL,
	"key" text NOT NULL,
	"org_id" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "set_aside_findings_node_id_key_pk" PRIMARY KEY("node_id","key")
);
--> statement-breakpoint
CREATE TABLE "cost_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"schedule_id" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"recipient" text NOT NULL,
	"from_day" text NOT NULL,
	"to_day" text NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp (3) with time zone DEFAULT now(),
	"sent_at" timestamp (3) with time zone,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cost_deliveries_once" UNIQUE("schedule_id","due_at","recipient")
);
--> statement-breakpoint
CREATE TABLE "cost_schedules" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cadence" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"recipients" text[] NOT NULL,
	"created_by" text NOT NULL,
	"created_by_name" text NOT NULL,
	"paused_at" timestamp (3) with time zone,
	"due_after" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cost_schedules_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "cost_schedules_cadence_known" CHECK ("cost_schedules"."cadence" in ('monthly', 'weekly')),
	CONSTRAINT "cost_schedules_scope_known" CHECK ("cost_schedules"."scope_type" in ('org', 'team', 'project'))
);
--> statement-breakpoint
CREATE TABLE "retention_rules" (
	"org_id" text PRIMARY KEY NOT NULL,
	"rules" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "is_event_file" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "read_sha256" text;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "scalars_read" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "set_aside_findings" ADD CONSTRAINT "set_aside_findings_node_id_nodes_id_fk" FOREIGN KEY ("node_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cost_deliveries" ADD CONSTRAINT "cost_deliveries_org_id_schedule_id_cost_schedules_org_id_id_fk" FOREIGN KEY ("org_id","schedule_id") REFERENCES "public"."cost_schedules"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cost_schedules" ADD CONSTRAINT "cost_schedules_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "retention_rules" ADD CONSTRAINT "retention_rules_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cost_deliveries_due" ON "cost_deliveries" USING btree ("next_at") WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX "cost_deliveries_org" ON "cost_deliveries" USING btree ("org_id","created_at");--> statement-breakpoint
CREATE INDEX "artifacts_unread" ON "artifacts" USING btree ("id") WHERE is_event_file and read_sha256 is distinct from sha256;--> statement-breakpoint
CREATE INDEX "attempts_ended" ON "attempts" USING btree ("cluster_id","ended_at") WHERE status = 'ended';--> statement-breakpoint
CREATE INDEX "log_heads_archive" ON "log_heads" USING btree ("archive_sha256") WHERE archive_sha256 is not null;--> statement-breakpoint
CREATE INDEX "runs_deleted" ON "runs" USING btree ("org_id","deleted_at") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "runs_code" ON "runs" USING btree ("org_id",(spec -> 'code' ->> 'sha256')) WHERE spec -> 'code' ->> 'sha256' is not null;