CREATE TABLE "cost_booked" (
	"org_id" text NOT NULL,
	"period" text NOT NULL,
	"project_id" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	"corrections" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_booked_org_id_period_project_id_pk" PRIMARY KEY("org_id","period","project_id")
);
--> statement-breakpoint
CREATE TABLE "cost_periods" (
	"org_id" text NOT NULL,
	"period" text NOT NULL,
	"state" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_by_name" text NOT NULL,
	"requested_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"closed_by" text,
	"closed_by_name" text,
	"closed_at" timestamp (3) with time zone,
	"rating_version" integer,
	"total" numeric(38, 18),
	CONSTRAINT "cost_periods_org_id_period_pk" PRIMARY KEY("org_id","period"),
	CONSTRAINT "cost_periods_state_known" CHECK ("cost_periods"."state" in ('requested', 'closed')),
	CONSTRAINT "cost_periods_second_person" CHECK (closed_by is null or closed_by <> requested_by),
	CONSTRAINT "cost_periods_whole" CHECK ((state = 'closed') = (closed_by is not null and total is not null))
);
--> statement-breakpoint
ALTER TABLE "cost_periods" ADD CONSTRAINT "cost_periods_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
INSERT INTO "cost_booked" ("org_id", "period", "project_id", "amount", "provisional", "corrections")
SELECT "org_id", "period", coalesce("project_id", ''), sum("amount"), coalesce(sum("amount") FILTER (WHERE "evidence" = 'provisional'), 0), coalesce(sum("amount") FILTER (WHERE "charge_class" = 'Correction'), 0)
FROM "ledger_entries" WHERE "line" > 0 GROUP BY 1, 2, 3;
