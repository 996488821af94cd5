CREATE TABLE "object_parts" (
	"cluster_id" text NOT NULL,
	"sha256" text NOT NULL,
	"offset" bigint NOT NULL,
	"org_id" text NOT NULL,
	"bytes" bigint NOT NULL,
	"key" text NOT NULL,
	"part_sha256" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "object_parts_cluster_id_sha256_offset_pk" PRIMARY KEY("cluster_id","sha256","offset")
);
--> statement-breakpoint
CREATE TABLE "tunnels" (
	"cluster_id" text NOT NULL,
	"server_id" text NOT NULL,
	"org_id" text NOT NULL,
	"peer_url" text NOT NULL,
	"wanted_until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tunnels_cluster_id_server_id_pk" PRIMARY KEY("cluster_id","server_id")
);
--> statement-breakpoint
CREATE TABLE "cost_run_days" (
	"run_id" text NOT NULL,
	"day" date NOT NULL,
	"org_id" text NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_run_days_run_id_day_pk" PRIMARY KEY("run_id","day")
);
--> statement-breakpoint
CREATE TABLE "app_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"run_id" text NOT NULL,
	"user_id" text NOT NULL,
	"login_id" text NOT NULL,
	"ticket_hash" text,
	"ticket_until" timestamp (3) with time zone NOT NULL,
	"token_hash" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "app_sessions_ticketHash_unique" UNIQUE("ticket_hash"),
	CONSTRAINT "app_sessions_tokenHash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "peak_memory_mib" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "active_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "object_parts" ADD CONSTRAINT "object_parts_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tunnels" ADD CONSTRAINT "tunnels_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_login_id_sessions_id_fk" FOREIGN KEY ("login_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_org_id_run_id_runs_org_id_id_fk" FOREIGN KEY ("org_id","run_id") REFERENCES "public"."runs"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "object_parts_at" ON "object_parts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "tunnels_server" ON "tunnels" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "cost_run_days_org" ON "cost_run_days" USING btree ("org_id","day");--> statement-breakpoint
CREATE INDEX "app_sessions_login" ON "app_sessions" USING btree ("login_id");--> statement-breakpoint
CREATE INDEX "dirty_hours_turn" ON "dirty_hours" USING btree ("marked_at","cluster_id","node","kind","model","hour");--> statement-breakpoint
INSERT INTO "cost_run_days" ("run_id", "day", "org_id", "accelerator_hours", "amount", "provisional")
SELECT "run_id", ("hour" AT TIME ZONE 'utc')::date, "org_id", coalesce(sum("quantity") FILTER (WHERE "kind" = 'accelerator'), 0), sum("amount"), coalesce(sum("amount") FILTER (WHERE "evidence" = 'provisional'), 0)
FROM "ledger_entries" WHERE "line" > 0 AND "run_id" IS NOT NULL GROUP BY 1, 2, 3;
