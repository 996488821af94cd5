-- Why: leases must not run out because no server was there to hear the agents.
-- Safe: a new table; running code does not know it.
-- Undo: drop the table.
CREATE TABLE "server_beats" (
	"id" text PRIMARY KEY NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"beat_at" timestamp (3) with time zone NOT NULL
);
