-- Why: a GPU that is cut by MIG is several accelerators, each a known part of it: what it holds and costs is that part.
-- Safe: accelerators that are there are whole until their agent reports them again; the release before does not know the columns.
-- Locks: ACCESS EXCLUSIVE on accelerators for an instant; gives up after 2 s rather than queue writers behind it; the default is kept in the catalogue, no row is rewritten.
-- Undo: drop the two columns.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "accelerators" ADD COLUMN "parent_uuid" text;--> statement-breakpoint
ALTER TABLE "accelerators" ADD COLUMN "milli" integer DEFAULT 1000 NOT NULL;
