-- Why: prices in other currencies with dated exchange rates; what rose unusually is told to who asked for it; embedded
-- reports that tell of no single person, and sessions of frames that are bound to a key.
-- Safe: new tables; new columns are null or have a constant default; the two constraints that are made anew are wider. A
-- session that an older server opens has an empty thumbprint, which fits no key: its frame asks for a new one.
-- Undo: drop the tables and the columns, delete the schedules of what rises, put the constraints back.
-- By hand, at the end: rates only grow, as prices do.
CREATE TABLE "exchange_rates" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"version" integer NOT NULL,
	"currency" text NOT NULL,
	"valid_from" date NOT NULL,
	"rate" numeric(20, 8) NOT NULL,
	"note" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "exchange_rates_positive" CHECK (rate > 0)
);
--> statement-breakpoint
CREATE TABLE "embed_proofs" (
	"session_hash" text NOT NULL,
	"jti" text NOT NULL,
	"org_id" text NOT NULL,
	CONSTRAINT "embed_proofs_session_hash_jti_pk" PRIMARY KEY("session_hash","jti")
);
--> statement-breakpoint
ALTER TABLE "cost_deliveries" DROP CONSTRAINT "cost_deliveries_once";--> statement-breakpoint
ALTER TABLE "cost_schedules" DROP CONSTRAINT "cost_schedules_cadence_known";--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "rate_id" text;--> statement-breakpoint
ALTER TABLE "price_lines" ADD COLUMN "currency" text;--> statement-breakpoint
ALTER TABLE "embed_clients" ADD COLUMN "min_group" integer;--> statement-breakpoint
ALTER TABLE "embed_sessions" ADD COLUMN "key_thumbprint" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "cost_deliveries" ADD COLUMN "subject" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "cost_deliveries" ADD COLUMN "notice" jsonb;--> statement-breakpoint
ALTER TABLE "cost_schedules" ADD COLUMN "looked_to" text;--> statement-breakpoint
ALTER TABLE "exchange_rates" ADD CONSTRAINT "exchange_rates_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embed_proofs" ADD CONSTRAINT "embed_proofs_session_hash_embed_sessions_hash_fk" FOREIGN KEY ("session_hash") REFERENCES "public"."embed_sessions"("hash") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "exchange_rates_org" ON "exchange_rates" USING btree ("org_id","currency","valid_from");--> statement-breakpoint
ALTER TABLE "cost_deliveries" ADD CONSTRAINT "cost_deliveries_once" UNIQUE("schedule_id","due_at","recipient","subject");--> statement-breakpoint
ALTER TABLE "price_lines" ADD CONSTRAINT "price_lines_currency" CHECK (currency is null or unit_price is not null);--> statement-breakpoint
ALTER TABLE "embed_clients" ADD CONSTRAINT "embed_clients_group" CHECK (min_group >= 2);--> statement-breakpoint
ALTER TABLE "cost_schedules" ADD CONSTRAINT "cost_schedules_cadence_known" CHECK ("cost_schedules"."cadence" in ('monthly', 'weekly', 'rises'));--> statement-breakpoint
CREATE TRIGGER "exchange_rates_only_grow" BEFORE UPDATE OR DELETE ON "exchange_rates" FOR EACH ROW EXECUTE FUNCTION costs_only_grow();
