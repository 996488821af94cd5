-- Why: a scheduled report may show its amounts in another currency as well, at a dated rate that it names.
-- Safe: a new column that is null; the code already running ignores it.
-- Locks: ACCESS EXCLUSIVE on cost_schedules for milliseconds; gives up after two seconds.
-- Undo: drop the column.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "cost_schedules" ADD COLUMN "currency" text;