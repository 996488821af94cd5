-- Why: a price that begins in the past rates hours anew; what that changed, for whom and by how much, is told of each rating version.
-- Kept on write, since asking the ledger would read all of its history. What was rated anew before this table is not told.
-- To undo: DROP TABLE cost_repriced.
CREATE TABLE "cost_repriced" (
	"org_id" text NOT NULL,
	"version" integer NOT NULL,
	"month" text NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"quantity" numeric(38, 10) NOT NULL,
	"before" numeric(38, 18) NOT NULL,
	"after" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_repriced_org_id_version_month_project_id_kind_pk" PRIMARY KEY("org_id","version","month","project_id","kind")
);--> statement-breakpoint
SELECT isolate_by_org('cost_repriced');
