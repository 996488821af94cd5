-- Why: embedded reports that tell of no group of fewer than some people took longer than 300 ms for a year, since the day of each
-- asset of a project was looked at for how many people are in it. How many they are stands in the row now, and what a project cost
-- is kept by day and by that number: an embedded report adds up those of enough people, and looks at assets only for the others.
-- Safe: the column is made by the database, the new table follows by triggers: the release before moves it on too.
-- Locks: ACCESS EXCLUSIVE on cost_project_days while it is written anew (a second for some hundred thousand rows) and summed; gives
-- up after ten seconds rather than queue behind who books: then run it again.
-- Undo: DROP TRIGGER cost_project_days_added, cost_project_days_moved ON cost_project_days; drop their functions, the table
-- cost_people_days, the index and the column people.
SET LOCAL lock_timeout = '10s';--> statement-breakpoint
CREATE TABLE "cost_people_days" (
	"org_id" text NOT NULL,
	"day" date NOT NULL,
	"project_id" text NOT NULL,
	"people" integer NOT NULL,
	"parts" integer NOT NULL,
	"accelerator_hours" numeric(38, 10) NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_people_days_org_id_day_project_id_people_pk" PRIMARY KEY("org_id","day","project_id","people")
);
--> statement-breakpoint
ALTER TABLE "cost_project_days" ADD COLUMN "people" integer GENERATED ALWAYS AS (cardinality(owners)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "cost_project_days_people" ON "cost_project_days" USING btree ("org_id","people","day");--> statement-breakpoint
SELECT isolate_by_org('cost_people_days');--> statement-breakpoint
GRANT SELECT ON "cost_people_days" TO drover_embed;--> statement-breakpoint
CREATE POLICY "embed_cost_people_days" ON "cost_people_days" FOR SELECT TO drover_embed USING (org_id = (SELECT current_setting('drover.embed_org', true)) AND ((SELECT current_setting('drover.embed_projects', true)) = '*' OR project_id = ANY ((SELECT string_to_array(current_setting('drover.embed_projects', true), ','))::text[])));--> statement-breakpoint
CREATE FUNCTION add_to_people_days(gained cost_project_days[], sign integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cost_people_days AS c (org_id, day, project_id, people, parts, accelerator_hours, amount, provisional)
  SELECT org_id, day, project_id, people, sign * count(*), sign * coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sign * sum(amount), sign * sum(provisional)
  FROM unnest(gained) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (org_id, day, project_id, people) DO UPDATE SET parts = c.parts + excluded.parts, accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional
$$;--> statement-breakpoint
CREATE FUNCTION cost_project_days_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM add_to_people_days(array_agg(ROW(fresh.*)::cost_project_days), 1) FROM fresh;
  RETURN NULL;
END $$;--> statement-breakpoint
-- A part that somebody was added to goes on under another number. What is left of none is not kept: that so many were there once is nobody's business.
CREATE FUNCTION cost_project_days_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM add_to_people_days(array_agg(ROW(fresh.*)::cost_project_days), 1) FROM fresh;
  PERFORM add_to_people_days(array_agg(ROW(stale.*)::cost_project_days), -1) FROM stale;
  DELETE FROM cost_people_days c USING stale WHERE (c.org_id, c.day, c.project_id, c.people) = (stale.org_id, stale.day, stale.project_id, stale.people) AND c.parts = 0;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "cost_project_days_added" AFTER INSERT ON "cost_project_days" REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION cost_project_days_added();--> statement-breakpoint
CREATE TRIGGER "cost_project_days_moved" AFTER UPDATE ON "cost_project_days" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION cost_project_days_moved();--> statement-breakpoint
INSERT INTO cost_people_days
SELECT org_id, day, project_id, people, count(*), coalesce(sum(quantity) FILTER (WHERE kind = 'accelerator'), 0), sum(amount), sum(provisional) FROM cost_project_days GROUP BY 1, 2, 3, 4;--> statement-breakpoint
ANALYZE "cost_project_days", "cost_people_days";
