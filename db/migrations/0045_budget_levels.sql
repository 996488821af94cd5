-- Why: whoever looks after money wants to be told when a budget reaches a level, as of what rises.
-- Safe: one more word is allowed. A worker of the release before takes such a schedule for a monthly one: replace it before one is added.
-- Locks: ACCESS EXCLUSIVE on cost_schedules, a handful of rows, for an instant; gives up after 2 s rather than queue writers behind it.
-- Undo: delete the schedules of budgets, and put the constraint back without the word.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
ALTER TABLE "cost_schedules" DROP CONSTRAINT "cost_schedules_cadence_known";--> statement-breakpoint
ALTER TABLE "cost_schedules" ADD CONSTRAINT "cost_schedules_cadence_known" CHECK ("cost_schedules"."cadence" in ('monthly', 'weekly', 'rises', 'budgets'));