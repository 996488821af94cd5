-- Why: GPUs that a scheduler gives whole or in shares; and a slice or share of a GPU is that part of one for fair shares and turns too.
-- Safe: what is there counts as whole until its agent reports it again or it is placed anew; the release before does not know the columns, and
-- counts slices as whole ones, as it did.
-- Locks: ACCESS EXCLUSIVE on each of the three for an instant; gives up after 2 s rather than queue writers behind it; the default is kept in
-- the catalogue, no row is rewritten.
-- Undo: drop the three columns.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "accelerators" ADD COLUMN "shares" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "accelerator_milli" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "spared_seconds" double precision DEFAULT 0 NOT NULL;