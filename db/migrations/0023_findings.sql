CREATE TABLE "set_aside_findings" (
	"node_id" text NOT NULL,
	"key" text NOT NULL,
	"org_id" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "set_aside_findings_node_id_key_pk" PRIMARY KEY("node_id","key")
);
--> statement-breakpoint
ALTER TABLE "set_aside_findings" ADD CONSTRAINT "set_aside_findings_node_id_nodes_id_fk" FOREIGN KEY ("node_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attempts_ended" ON "attempts" USING btree ("cluster_id","ended_at") WHERE status = 'ended';