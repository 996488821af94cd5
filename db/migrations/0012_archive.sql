-- Why: teams and projects can be closed for new work and opened again.
-- Safe: two nullable columns without a default; the code already running ignores them.
-- Undo: drop both columns.
ALTER TABLE "projects" ADD COLUMN "archived_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "archived_at" timestamp (3) with time zone;