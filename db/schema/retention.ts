import { jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { RetentionRules } from "../../domain/experiments/retention.ts";
import { orgs } from "./access.ts";
import { timestamps } from "./columns.ts";

/** How long an organization keeps files; the defaults of domain/experiments/retention.ts hold without a row. */
export const retentionRules = pgTable("retention_rules", { orgId: text().primaryKey().references(() => orgs.id), rules: jsonb().$type<RetentionRules>().notNull(), ...timestamps });
