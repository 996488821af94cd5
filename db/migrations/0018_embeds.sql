CREATE TABLE "embed_clients" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"public_key" text NOT NULL,
	"origins" text[] NOT NULL,
	"report_ids" text[] NOT NULL,
	"project_ids" text[],
	"must_filter" boolean NOT NULL,
	"capabilities" text[] NOT NULL,
	"accent" text,
	"not_before" timestamp (3) with time zone,
	"disabled_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "embed_clients_origin" CHECK (cardinality(origins) > 0)
);
--> statement-breakpoint
CREATE TABLE "embed_reports" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"title" text NOT NULL,
	"by" text NOT NULL,
	"range" text NOT NULL,
	"withdrawn_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "embed_reports_by_known" CHECK ("embed_reports"."by" in ('project', 'team', 'cluster', 'kind', 'class')),
	CONSTRAINT "embed_reports_range_known" CHECK ("embed_reports"."range" in ('7d', '30d', '90d', '1y'))
);
--> statement-breakpoint
CREATE TABLE "embed_sessions" (
	"hash" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"org_id" text NOT NULL,
	"viewer" text NOT NULL,
	"report_ids" text[] NOT NULL,
	"project_ids" text[],
	"capabilities" text[] NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "embed_tokens" (
	"client_id" text NOT NULL,
	"jti" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "embed_tokens_client_id_jti_pk" PRIMARY KEY("client_id","jti")
);
--> statement-breakpoint
ALTER TABLE "embed_clients" ADD CONSTRAINT "embed_clients_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embed_reports" ADD CONSTRAINT "embed_reports_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embed_sessions" ADD CONSTRAINT "embed_sessions_client_id_embed_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."embed_clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embed_tokens" ADD CONSTRAINT "embed_tokens_client_id_embed_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."embed_clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "embed_clients_org" ON "embed_clients" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "embed_reports_org" ON "embed_reports" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "embed_sessions_expiry" ON "embed_sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "embed_tokens_expiry" ON "embed_tokens" USING btree ("expires_at");--> statement-breakpoint
-- Embedded reports are read as this role: it sees one organization, in it the projects that are named, and nothing without both.
DO $$
BEGIN
  CREATE ROLE drover_embed NOLOGIN;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN RAISE EXCEPTION 'This database user may not create roles. Have an administrator run once: CREATE ROLE drover_embed NOLOGIN; GRANT drover_embed TO %', current_user;
END $$;--> statement-breakpoint
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'drover_embed', 'USAGE') THEN EXECUTE format('GRANT drover_embed TO %I', current_user); END IF;
END $$;--> statement-breakpoint
GRANT SELECT ON "cost_daily", "projects", "teams", "clusters", "cost_settings", "cost_clocks" TO drover_embed;--> statement-breakpoint
GRANT SELECT ("org_id") ON "price_lines" TO drover_embed;--> statement-breakpoint
CREATE FUNCTION embed_sees(org text, project text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT org = current_setting('drover.embed_org', true) AND (current_setting('drover.embed_projects', true) = '*' OR project = ANY (string_to_array(current_setting('drover.embed_projects', true), ',')))
$$;--> statement-breakpoint
ALTER TABLE "cost_daily" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_cost_daily" ON "cost_daily" FOR SELECT TO drover_embed USING (embed_sees(org_id, project_id));--> statement-breakpoint
ALTER TABLE "projects" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_projects" ON "projects" FOR SELECT TO drover_embed USING (embed_sees(org_id, id));--> statement-breakpoint
ALTER TABLE "teams" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_teams" ON "teams" FOR SELECT TO drover_embed USING (org_id = current_setting('drover.embed_org', true));--> statement-breakpoint
ALTER TABLE "clusters" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_clusters" ON "clusters" FOR SELECT TO drover_embed USING (org_id = current_setting('drover.embed_org', true));--> statement-breakpoint
ALTER TABLE "cost_settings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_cost_settings" ON "cost_settings" FOR SELECT TO drover_embed USING (org_id = current_setting('drover.embed_org', true));--> statement-breakpoint
ALTER TABLE "cost_clocks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_cost_clocks" ON "cost_clocks" FOR SELECT TO drover_embed USING (org_id = current_setting('drover.embed_org', true));--> statement-breakpoint
ALTER TABLE "price_lines" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "embed_price_lines" ON "price_lines" FOR SELECT TO drover_embed USING (org_id = current_setting('drover.embed_org', true));
