-- Why: the spine: people, clusters, agents, runs, logs, metrics.
-- Safe: first migration, nothing exists yet.
-- Undo: drop the schema.
-- By hand: telemetry is partitioned by day (drizzle cannot say so); a worker job makes and drops the days.
CREATE SEQUENCE "public"."fences" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp (3) with time zone,
	"refresh_token_expires_at" timestamp (3) with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "api_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text,
	"principal_type" text NOT NULL,
	"principal_id" text NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"last_four" text NOT NULL,
	"permissions" text[] NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"actor_type" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"token_id" text,
	"request_id" text,
	"action" text NOT NULL,
	"target_type" text NOT NULL,
	"target_id" text NOT NULL,
	"target_name" text,
	"before" jsonb,
	"after" jsonb,
	"reason" text
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"token_hash" text NOT NULL,
	"invited_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"accepted_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "invitations_tokenHash_unique" UNIQUE("token_hash"),
	CONSTRAINT "invitations_role_known" CHECK ("invitations"."role" in ('owner', 'admin', 'billing', 'team_lead', 'project_admin', 'member', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "orgs" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orgs_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"team_id" text NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "projects_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "projects_org_slug" UNIQUE("org_id","slug")
);
--> statement-breakpoint
CREATE TABLE "role_bindings" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"principal_type" text NOT NULL,
	"principal_id" text NOT NULL,
	"role" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"granted_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "role_bindings_once" UNIQUE("org_id","principal_id","role","scope_type","scope_id"),
	CONSTRAINT "role_bindings_role_known" CHECK ("role_bindings"."role" in ('owner', 'admin', 'billing', 'team_lead', 'project_admin', 'member', 'viewer')),
	CONSTRAINT "role_bindings_scope_known" CHECK ("role_bindings"."scope_type" in ('org', 'team', 'project'))
);
--> statement-breakpoint
CREATE TABLE "service_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"created_by" text NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "service_accounts_name" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sessions_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "setup_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "teams_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "teams_org_slug" UNIQUE("org_id","slug")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agent_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"agent_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "agents" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"public_key" text NOT NULL,
	"join_hash" text NOT NULL,
	"spent_join_hash" text,
	"join_count" integer DEFAULT 0 NOT NULL,
	"version" text,
	"protocol" integer,
	"host" jsonb,
	"last_seen_at" timestamp (3) with time zone,
	"unreachable_since" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"cloned_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "agents_publicKey_unique" UNIQUE("public_key")
);
--> statement-breakpoint
CREATE TABLE "enrolments" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"code_hash" text NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"agent_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "enrolments_codeHash_unique" UNIQUE("code_hash")
);
--> statement-breakpoint
CREATE TABLE "accelerators" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"node_id" text NOT NULL,
	"index" integer NOT NULL,
	"uuid" text NOT NULL,
	"model" text NOT NULL,
	"memory_mib" integer NOT NULL,
	"health" text NOT NULL,
	"health_reason" text,
	"attempt_id" text,
	"present" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "accelerators_node_index" UNIQUE("node_id","index")
);
--> statement-breakpoint
CREATE TABLE "cluster_events" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"subject" text,
	"actor" text,
	"message" text NOT NULL,
	"evidence" jsonb
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"region" text DEFAULT 'local' NOT NULL,
	"driver" text,
	"capabilities" jsonb,
	"policy" text,
	"drained_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"desired_version" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "clusters_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "clusters_org_slug" UNIQUE("org_id","slug"),
	CONSTRAINT "clusters_driver_known" CHECK ("clusters"."driver" in ('process', 'slurm', 'kubernetes', 'ray'))
);
--> statement-breakpoint
CREATE TABLE "nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"cpus" double precision NOT NULL,
	"memory_mib" integer NOT NULL,
	"disk_mib" bigint NOT NULL,
	"state" text NOT NULL,
	"state_reason" text,
	"drained_at" timestamp (3) with time zone,
	"drained_by" text,
	"drain_reason" text,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "nodes_cluster_name" UNIQUE("cluster_id","name")
);
--> statement-breakpoint
CREATE TABLE "telemetry" (
	"cluster_id" text NOT NULL,
	"subject" text NOT NULL,
	"subject_id" text NOT NULL,
	"key" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"times" bigint[] NOT NULL,
	"values" double precision[] NOT NULL
) PARTITION BY RANGE ("at");--> statement-breakpoint
CREATE TABLE "telemetry_default" PARTITION OF "telemetry" DEFAULT;
--> statement-breakpoint
CREATE TABLE "telemetry_latest" (
	"cluster_id" text NOT NULL,
	"subject" text NOT NULL,
	"subject_id" text NOT NULL,
	"key" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "telemetry_latest_cluster_id_subject_subject_id_key_pk" PRIMARY KEY("cluster_id","subject","subject_id","key")
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"run_id" text NOT NULL,
	"attempt_id" text,
	"path" text NOT NULL,
	"sha256" text NOT NULL,
	"bytes" bigint NOT NULL,
	"content_type" text NOT NULL,
	"is_checkpoint" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifacts_path" UNIQUE("run_id","attempt_id","path")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"run_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"number" integer NOT NULL,
	"status" text DEFAULT 'assigned' NOT NULL,
	"outcome" text,
	"fence" bigint DEFAULT nextval('fences') NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"unreachable_since" timestamp (3) with time zone,
	"stop_requested_at" timestamp (3) with time zone,
	"stop_reason" text,
	"report_seq" integer DEFAULT 0 NOT NULL,
	"node_names" text[] DEFAULT '{}' NOT NULL,
	"accelerator_indexes" integer[] DEFAULT '{}' NOT NULL,
	"cpus" double precision NOT NULL,
	"memory_mib" integer NOT NULL,
	"gpus" integer NOT NULL,
	"nodes" integer NOT NULL,
	"exit_code" integer,
	"signal" text,
	"failure_class" text,
	"evidence" jsonb,
	"assigned_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"drained_at" timestamp (3) with time zone,
	"log_bytes_dropped" bigint DEFAULT 0 NOT NULL,
	"metrics_offset" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attempts_run_number" UNIQUE("run_id","number"),
	CONSTRAINT "attempts_status_known" CHECK ("attempts"."status" in ('assigned', 'starting', 'running', 'unreachable', 'ended', 'lost'))
);
--> statement-breakpoint
CREATE TABLE "experiments" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "experiments_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "experiments_name" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "log_chunks" (
	"attempt_id" text NOT NULL,
	"seq" integer NOT NULL,
	"stream" text NOT NULL,
	"offset" bigint NOT NULL,
	"length" integer NOT NULL,
	"start" bigint NOT NULL,
	"line" bigint NOT NULL,
	"lines" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"dropped_before" bigint DEFAULT 0 NOT NULL,
	"body" "bytea",
	"archive_offset" bigint,
	"archive_length" integer,
	CONSTRAINT "log_chunks_attempt_id_seq_pk" PRIMARY KEY("attempt_id","seq"),
	CONSTRAINT "log_chunks_offset" UNIQUE("attempt_id","stream","offset")
);
--> statement-breakpoint
CREATE TABLE "log_heads" (
	"attempt_id" text PRIMARY KEY NOT NULL,
	"next_seq" integer DEFAULT 0 NOT NULL,
	"stdout_next" bigint DEFAULT 0 NOT NULL,
	"stderr_next" bigint DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"lines" bigint DEFAULT 0 NOT NULL,
	"archive_sha256" text
);
--> statement-breakpoint
CREATE TABLE "metric_batches" (
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"id" text PRIMARY KEY NOT NULL,
	"attempt_id" text,
	"min_step" bigint NOT NULL,
	"max_step" bigint NOT NULL,
	"steps" bigint[] NOT NULL,
	"times" bigint[] NOT NULL,
	"values" double precision[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "metric_summaries" (
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"count" bigint NOT NULL,
	"min" double precision,
	"max" double precision,
	"last" double precision NOT NULL,
	"last_step" bigint NOT NULL,
	"last_time" bigint NOT NULL,
	"min_step" bigint NOT NULL,
	"max_step" bigint NOT NULL,
	"min_time" bigint NOT NULL,
	"max_time" bigint NOT NULL,
	CONSTRAINT "metric_summaries_run_id_key_pk" PRIMARY KEY("run_id","key")
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"org_id" text NOT NULL,
	"sha256" text NOT NULL,
	"bytes" bigint NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "objects_org_id_sha256_pk" PRIMARY KEY("org_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "run_events" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"run_id" text NOT NULL,
	"attempt_id" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"actor" text,
	"message" text NOT NULL,
	"evidence" jsonb
);
--> statement-breakpoint
CREATE TABLE "run_params" (
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "run_params_run_id_key_pk" PRIMARY KEY("run_id","key")
);
--> statement-breakpoint
CREATE TABLE "run_tags" (
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "run_tags_run_id_key_pk" PRIMARY KEY("run_id","key")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"project_id" text NOT NULL,
	"experiment_id" text NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"status_since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"status_reason" text,
	"pending" jsonb,
	"failure_class" text,
	"evidence" jsonb,
	"spec" jsonb NOT NULL,
	"priority" smallint NOT NULL,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"not_before" timestamp (3) with time zone,
	"owner_type" text NOT NULL,
	"owner_id" text NOT NULL,
	"cluster_id" text,
	"attempt_count" integer DEFAULT 0 NOT NULL,
	"retries_used" integer DEFAULT 0 NOT NULL,
	"cpus" double precision NOT NULL,
	"memory_mib" integer NOT NULL,
	"gpus" integer NOT NULL,
	"nodes" integer NOT NULL,
	"idempotency_key" text,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "runs_org_id" UNIQUE("org_id","id"),
	CONSTRAINT "runs_idempotency" UNIQUE("org_id","owner_id","idempotency_key"),
	CONSTRAINT "runs_status_known" CHECK ("runs"."status" in ('queued', 'starting', 'running', 'cancelling', 'unreachable', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "runs_failure_known" CHECK ("runs"."failure_class" in ('user_code', 'oom', 'timeout', 'preempted', 'hardware', 'capacity', 'image', 'config', 'platform', 'cancelled'))
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_org_id_team_id_teams_org_id_id_fk" FOREIGN KEY ("org_id","team_id") REFERENCES "public"."teams"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_bindings" ADD CONSTRAINT "role_bindings_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_accounts" ADD CONSTRAINT "service_accounts_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_accounts" ADD CONSTRAINT "service_accounts_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "teams" ADD CONSTRAINT "teams_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "agent_sessions" ADD CONSTRAINT "agent_sessions_agent_id_agents_id_fk" FOREIGN KEY ("agent_id") REFERENCES "public"."agents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enrolments" ADD CONSTRAINT "enrolments_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accelerators" ADD CONSTRAINT "accelerators_node_id_nodes_id_fk" FOREIGN KEY ("node_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cluster_events" ADD CONSTRAINT "cluster_events_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters" ADD CONSTRAINT "clusters_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_org_id_run_id_runs_org_id_id_fk" FOREIGN KEY ("org_id","run_id") REFERENCES "public"."runs"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_org_id_sha256_objects_org_id_sha256_fk" FOREIGN KEY ("org_id","sha256") REFERENCES "public"."objects"("org_id","sha256") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_org_id_run_id_runs_org_id_id_fk" FOREIGN KEY ("org_id","run_id") REFERENCES "public"."runs"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_chunks" ADD CONSTRAINT "log_chunks_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_heads" ADD CONSTRAINT "log_heads_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_batches" ADD CONSTRAINT "metric_batches_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_summaries" ADD CONSTRAINT "metric_summaries_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_params" ADD CONSTRAINT "run_params_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_tags" ADD CONSTRAINT "run_tags_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_org_id_project_id_projects_org_id_id_fk" FOREIGN KEY ("org_id","project_id") REFERENCES "public"."projects"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_org_id_experiment_id_experiments_org_id_id_fk" FOREIGN KEY ("org_id","experiment_id") REFERENCES "public"."experiments"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_org_id_cluster_id_clusters_org_id_id_fk" FOREIGN KEY ("org_id","cluster_id") REFERENCES "public"."clusters"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "accounts_user" ON "accounts" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "api_tokens_org" ON "api_tokens" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_org" ON "audit_log" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_target" ON "audit_log" USING btree ("org_id","target_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_actor" ON "audit_log" USING btree ("org_id","actor_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_log_denied_once" ON "audit_log" USING btree ("request_id","action","target_id") WHERE action like 'denied.%';--> statement-breakpoint
CREATE INDEX "invitations_org" ON "invitations" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "role_bindings_principal" ON "role_bindings" USING btree ("principal_id");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "verifications_identifier" ON "verifications" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "agent_sessions_agent" ON "agent_sessions" USING btree ("agent_id");--> statement-breakpoint
CREATE INDEX "agents_cluster" ON "agents" USING btree ("cluster_id");--> statement-breakpoint
CREATE INDEX "accelerators_cluster" ON "accelerators" USING btree ("cluster_id");--> statement-breakpoint
CREATE INDEX "cluster_events_cluster" ON "cluster_events" USING btree ("cluster_id","id");--> statement-breakpoint
CREATE INDEX "telemetry_subject" ON "telemetry" USING btree ("cluster_id","subject","subject_id","key","at");--> statement-breakpoint
CREATE INDEX "attempts_live" ON "attempts" USING btree ("cluster_id","status") WHERE status not in ('ended','lost');--> statement-breakpoint
CREATE INDEX "attempts_lease" ON "attempts" USING btree ("lease_until") WHERE status not in ('ended','lost');--> statement-breakpoint
CREATE INDEX "log_chunks_line" ON "log_chunks" USING btree ("attempt_id","line");--> statement-breakpoint
CREATE INDEX "metric_batches_series" ON "metric_batches" USING btree ("run_id","key","min_step");--> statement-breakpoint
CREATE INDEX "run_events_run" ON "run_events" USING btree ("run_id","id");--> statement-breakpoint
CREATE INDEX "run_tags_key" ON "run_tags" USING btree ("key","value","run_id");--> statement-breakpoint
CREATE INDEX "runs_project" ON "runs" USING btree ("org_id","project_id","id");--> statement-breakpoint
CREATE INDEX "runs_experiment" ON "runs" USING btree ("experiment_id","id");--> statement-breakpoint
CREATE INDEX "runs_queue" ON "runs" USING btree ("priority" DESC NULLS LAST,"queued_at","id") WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX "runs_live" ON "runs" USING btree ("org_id","status") WHERE status not in ('succeeded','failed','cancelled');--> statement-breakpoint
CREATE INDEX "runs_ended" ON "runs" USING btree ("org_id","ended_at");