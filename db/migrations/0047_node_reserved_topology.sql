-- Why: nodes that a scheduler reserves take the runs that name the reservation, and no others; the switches that a node hangs on are drawn.
-- Safe: a column with a constant default and one that may be null; the release before knows neither, and takes reserved nodes for free ones.
-- Locks: ACCESS EXCLUSIVE on nodes for an instant; gives up after 2 s rather than queue writers behind it.
-- Undo: ALTER TABLE nodes DROP COLUMN reserved, DROP COLUMN topology.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "reserved" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "topology" text[];
