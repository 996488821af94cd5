-- Why: telemetry that comes again is known by its batch; an attempt that an agent in contact never takes is withdrawn, for which it
-- must be known since when it is in contact. desired_version was bumped and never read: the bus wakes the agents.
-- Safe: columns with constant defaults, no rewrite. The drop holds its lock for an instant. A server of before 0006 would fail to
-- drain or cancel on it; none was ever released. Undo: drop the two columns, add desired_version bigint not null default 0.
ALTER TABLE "agent_sessions" ADD COLUMN "telemetry_batch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "contact_since" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters" DROP COLUMN "desired_version";