CREATE TABLE "budget_alerts" (
	"budget_id" text NOT NULL,
	"month" text NOT NULL,
	"level" integer NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_alerts_budget_id_month_level_pk" PRIMARY KEY("budget_id","month","level")
);
--> statement-breakpoint
CREATE TABLE "budget_holds" (
	"budget_id" text NOT NULL,
	"run_id" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"charged_before" numeric(38, 18) NOT NULL,
	"taken_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"released_at" timestamp (3) with time zone,
	CONSTRAINT "budget_holds_budget_id_run_id_pk" PRIMARY KEY("budget_id","run_id"),
	CONSTRAINT "budget_holds_positive" CHECK (amount >= 0)
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"levels" integer[] NOT NULL,
	"policy" text NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budgets_scope_known" CHECK ("budgets"."scope_type" in ('org', 'team', 'project', 'user')),
	CONSTRAINT "budgets_policy_known" CHECK ("budgets"."policy" in ('warn', 'block', 'drain')),
	CONSTRAINT "budgets_positive" CHECK (amount > 0)
);
--> statement-breakpoint
CREATE TABLE "cost_monthly" (
	"org_id" text NOT NULL,
	"month" text NOT NULL,
	"project_id" text NOT NULL,
	"owner_id" text NOT NULL,
	"amount" numeric(38, 18) NOT NULL,
	"provisional" numeric(38, 18) NOT NULL,
	CONSTRAINT "cost_monthly_org_id_month_project_id_owner_id_pk" PRIMARY KEY("org_id","month","project_id","owner_id")
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "held_budget_id" text;--> statement-breakpoint
ALTER TABLE "budget_alerts" ADD CONSTRAINT "budget_alerts_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_holds" ADD CONSTRAINT "budget_holds_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budget_holds_open" ON "budget_holds" USING btree ("run_id") WHERE released_at is null;--> statement-breakpoint
CREATE INDEX "budget_holds_of" ON "budget_holds" USING btree ("budget_id") WHERE released_at is null;--> statement-breakpoint
CREATE INDEX "budgets_scope" ON "budgets" USING btree ("org_id","scope_type","scope_id") WHERE archived_at is null;--> statement-breakpoint
CREATE INDEX "runs_held_by_budget" ON "runs" USING btree ("held_budget_id") WHERE held_budget_id is not null;--> statement-breakpoint
INSERT INTO "cost_monthly" ("org_id", "month", "project_id", "owner_id", "amount", "provisional")
SELECT "org_id", to_char("day", 'YYYY-MM'), "project_id", "owner_id", sum("amount"), sum("provisional") FROM "cost_daily" GROUP BY 1, 2, 3, 4;
