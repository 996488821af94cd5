-- Why: every move of a run's status marks its costs to be summed again. Of a queue of thousands that is placed at once, none has
-- costs yet: the marks were a quarter of the placement's largest statement, and as many rows for a worker to take away again.
-- Safe: a run that was never placed has no attempt, so nothing is booked for it; what is booked later sets marks of its own.
-- The release before writes as it did.
-- Locks: SHARE ROW EXCLUSIVE on runs for a moment; gives up after ten seconds rather than queue behind a long write: then run it again.
-- Undo: CREATE OR REPLACE TRIGGER as in 0031_run_sums.sql.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE OR REPLACE TRIGGER "runs_mark" AFTER UPDATE OF "status" ON "runs" FOR EACH ROW WHEN (NEW.status <> OLD.status AND NOT (OLD.status = 'queued' AND NEW.status = 'starting' AND OLD.attempt_count = 0)) EXECUTE FUNCTION mark_run();
