-- Why: a client whose request got no answer sends it again. What it had made is kept until the answer has left, so that a run, a logged
-- model or a version is made once.
-- Safe: a new table; the release before goes on without it.
-- Locks: that of orgs, for the moment in which the reference is made.
-- Undo: DROP TABLE client_creations.
SET LOCAL lock_timeout = '2s';--> statement-breakpoint
CREATE TABLE "client_creations" (
	"org_id" text NOT NULL,
	"caller_id" text NOT NULL,
	"digest" "bytea" NOT NULL,
	"made_id" text NOT NULL,
	"is_lost" boolean DEFAULT false NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "client_creations_org_id_caller_id_digest_pk" PRIMARY KEY("org_id","caller_id","digest")
);
--> statement-breakpoint
ALTER TABLE "client_creations" ADD CONSTRAINT "client_creations_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "client_creations_made" ON "client_creations" USING btree ("org_id","made_at");--> statement-breakpoint
SELECT isolate_by_org('client_creations');
