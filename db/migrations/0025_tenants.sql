-- Why: one forgotten WHERE must not show a tenant another's rows. Two roles, neither of them an owner of anything:
-- drover_app, as which servers and workers look across organizations (sign-in, placement, metering), and drover_tenant, as which
-- everything is done for somebody of one organization: it sees the rows of the organization that its session names, and none
-- without. Policies are forced, so the owner of the tables needs drover_app's policy as well: it becomes a member.
-- Safe: rows stay as they are, and the release before goes on as the owner, who becomes a member of drover_app. Takes each table's
-- lock for a moment, all of them at its end, and gives up after ten seconds rather than hold up what runs: then run it again.
-- Undo: for each table DROP POLICY app, DROP POLICY tenant, NO FORCE and DISABLE ROW LEVEL SECURITY; DROP TABLE org_people.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
DO $$
DECLARE one text;
BEGIN
  FOREACH one IN ARRAY ARRAY['drover_app', 'drover_tenant'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', one);
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN RAISE EXCEPTION 'This database user may not create roles. Have an administrator run once: CREATE ROLE % NOLOGIN; GRANT % TO %', one, one, current_user;
    END;
    IF NOT pg_has_role(current_user, one, 'USAGE') THEN EXECUTE format('GRANT %I TO %I', one, current_user); END IF;
  END LOOP;
END $$;--> statement-breakpoint
-- Whose names an organization may read: everybody who ever held a role in it, so that the runs of somebody who left keep their owner.
CREATE TABLE "org_people" (
	"org_id" text NOT NULL,
	"user_id" text NOT NULL,
	CONSTRAINT "org_people_org_id_user_id_pk" PRIMARY KEY("org_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "org_people" ADD CONSTRAINT "org_people_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "org_people" ADD CONSTRAINT "org_people_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "org_people"
SELECT org_id, principal_id FROM "role_bindings" JOIN "users" ON users.id = principal_id
UNION SELECT org_id, owner_id FROM "runs" JOIN "users" ON users.id = owner_id
UNION SELECT org_id, actor_id FROM "audit_log" JOIN "users" ON users.id = actor_id JOIN "orgs" ON orgs.id = org_id;--> statement-breakpoint
CREATE FUNCTION remember_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO org_people (org_id, user_id) VALUES (NEW.org_id, NEW.principal_id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "role_bindings_remember" AFTER INSERT ON "role_bindings" FOR EACH ROW WHEN (NEW.principal_type = 'user') EXECUTE FUNCTION remember_person();--> statement-breakpoint
CREATE FUNCTION tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('drover.org', true) $$;--> statement-breakpoint
-- What a table's rows belong to. A later migration that makes a table calls the one that fits.
CREATE FUNCTION isolate(held text, rule text, written text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', held);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', held);
  EXECUTE format('CREATE POLICY app ON %I TO drover_app USING (true) WITH CHECK (true)', held);
  EXECUTE format('CREATE POLICY tenant ON %I TO drover_tenant USING (%s) WITH CHECK (%s)', held, rule, coalesce(written, rule));
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO drover_app, drover_tenant', held);
END $$;--> statement-breakpoint
CREATE FUNCTION isolate_by_org(held text) RETURNS void LANGUAGE sql AS $$ SELECT isolate(held, 'org_id = tenant()') $$;--> statement-breakpoint
-- The parent's own policy is at work inside the rule, so a row is seen where its parent is.
CREATE FUNCTION isolate_by_parent(held text, field text, parent text) RETURNS void LANGUAGE sql AS $$
  SELECT isolate(held, format('EXISTS (SELECT 1 FROM %I AS parent WHERE parent.id = %I.%I)', parent, held, field))
$$;--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION isolate(text, text, text), isolate_by_org(text), isolate_by_parent(text, text, text) FROM PUBLIC;--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO drover_app, drover_tenant;--> statement-breakpoint
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO drover_app, drover_tenant;--> statement-breakpoint
SELECT isolate_by_org(c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition;--> statement-breakpoint
SELECT isolate_by_parent(held, field, parent) FROM (VALUES
  ('agent_sessions', 'agent_id', 'agents'), ('budget_alerts', 'budget_id', 'budgets'), ('budget_holds', 'budget_id', 'budgets'), ('embed_tokens', 'client_id', 'embed_clients'),
  ('experiment_tags', 'experiment_id', 'experiments'), ('log_chunks', 'attempt_id', 'attempts'), ('log_heads', 'attempt_id', 'attempts'),
  ('logged_model_metrics', 'model_id', 'logged_models'), ('model_aliases', 'model_id', 'registered_models'), ('report_versions', 'report_id', 'reports'),
  ('metric_batches', 'run_id', 'runs'), ('metric_receipts', 'run_id', 'runs'), ('run_inputs', 'run_id', 'runs'), ('run_models', 'run_id', 'runs'),
  ('run_params', 'run_id', 'runs'), ('run_tags', 'run_id', 'runs'), ('telemetry', 'cluster_id', 'clusters'), ('telemetry_latest', 'cluster_id', 'clusters')
) AS child (held, field, parent);--> statement-breakpoint
-- Many runs' summaries are read at once: their experiments are looked up once for a statement, not once for a row.
SELECT isolate('metric_summaries', 'experiment_id IN (SELECT id FROM experiments)', 'EXISTS (SELECT 1 FROM runs WHERE runs.id = run_id AND runs.experiment_id = metric_summaries.experiment_id)');--> statement-breakpoint
SELECT isolate('orgs', 'id = tenant()');--> statement-breakpoint
SELECT isolate('users', 'EXISTS (SELECT 1 FROM org_people WHERE org_people.user_id = users.id)');--> statement-breakpoint
-- When a member signed in last may be read, and nothing else of a session.
SELECT isolate('sessions', 'EXISTS (SELECT 1 FROM org_people WHERE org_people.user_id = sessions.user_id)');--> statement-breakpoint
REVOKE ALL ON "sessions" FROM drover_tenant;--> statement-breakpoint
GRANT SELECT ("user_id", "created_at") ON "sessions" TO drover_tenant;--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON "users", "org_people" FROM drover_tenant;--> statement-breakpoint
REVOKE INSERT, DELETE ON "orgs" FROM drover_tenant;--> statement-breakpoint
-- What belongs to no organization is not for tenants at all.
GRANT SELECT, INSERT, UPDATE, DELETE ON "accounts", "verifications", "setup_links", "server_beats", "metric_compaction", "telemetry_default" TO drover_app;--> statement-breakpoint
GRANT SELECT ON "drover_migrations" TO drover_app;--> statement-breakpoint
-- What only grows: nobody who works here may change or remove what was written.
REVOKE UPDATE, DELETE ON "audit_log", "ledger_entries", "price_lines", "exchange_rates" FROM drover_app, drover_tenant;--> statement-breakpoint
-- Days of telemetry are made and dropped by a worker, which owns no table.
CREATE FUNCTION make_telemetry_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := 'telemetry_' || to_char(day, 'YYYYMMDD');
  starts timestamptz := day::timestamp AT TIME ZONE 'UTC';
  ends timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
  LOCK TABLE telemetry_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE %I (LIKE telemetry INCLUDING ALL)', name);
  EXECUTE format('WITH moved AS (DELETE FROM telemetry_default WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', starts, ends, name);
  EXECUTE format('ALTER TABLE telemetry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
END $$;--> statement-breakpoint
CREATE FUNCTION drop_telemetry_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('DROP TABLE %I', 'telemetry_' || to_char(day, 'YYYYMMDD'));
END $$;--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION make_telemetry_day(date), drop_telemetry_day(date) FROM PUBLIC;--> statement-breakpoint
GRANT EXECUTE ON FUNCTION make_telemetry_day(date), drop_telemetry_day(date) TO drover_app;--> statement-breakpoint
-- The same rules of embedded reports, each setting read once for a statement and not for each of a year's rows.
ALTER POLICY "embed_cost_daily" ON "cost_daily" USING (org_id = (SELECT current_setting('drover.embed_org', true)) AND ((SELECT current_setting('drover.embed_projects', true)) = '*' OR project_id = ANY ((SELECT string_to_array(current_setting('drover.embed_projects', true), ','))::text[])));
