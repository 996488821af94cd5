-- Why: embedded reports that tell of no single person, sessions of frames that are bound to a key.
-- Safe: a new table, new columns that are null or have a constant default; a session that an older server opens has an
-- empty thumbprint, which fits no key: its frame asks for a new one.
-- Undo: drop the table and the columns.
CREATE TABLE "embed_proofs" (
	"session_hash" text NOT NULL,
	"jti" text NOT NULL,
	"org_id" text NOT NULL,
	CONSTRAINT "embed_proofs_session_hash_jti_pk" PRIMARY KEY("session_hash","jti")
);
--> statement-breakpoint
ALTER TABLE "embed_clients" ADD COLUMN "min_group" integer;--> statement-breakpoint
ALTER TABLE "embed_sessions" ADD COLUMN "key_thumbprint" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "embed_proofs" ADD CONSTRAINT "embed_proofs_session_hash_embed_sessions_hash_fk" FOREIGN KEY ("session_hash") REFERENCES "public"."embed_sessions"("hash") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embed_clients" ADD CONSTRAINT "embed_clients_group" CHECK (min_group >= 2);