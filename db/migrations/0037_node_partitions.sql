-- Why: a run of a Slurm cluster can only start on nodes of its partition, with the features that it asks for: placement and the plan
-- must not count on others.
-- Safe: empty until an agent reports its nodes again, seconds later; until then every node counts, as in the release before, which does not
-- know the columns.
-- Locks: ACCESS EXCLUSIVE on nodes for an instant; gives up after 2 s rather than queue writers behind it.
-- Undo: drop the two columns.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "partitions" text[];--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "features" text[];
