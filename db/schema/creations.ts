import { boolean, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { orgs } from "./access.ts";
import { bytea, moment } from "./columns.ts";

/** What a client had made, until the answer to it has left: a client that got none sends the same bytes again. */
export const clientCreations = pgTable("client_creations", {
  orgId: text().notNull().references(() => orgs.id),
  /** The token, or the attempt. */
  callerId: text().notNull(),
  /** Of the path and the body. */
  digest: bytea().notNull(),
  /** The id of what was made; of a version, its number. */
  madeId: text().notNull(),
  /** The connection that asked was gone before the answer had left. */
  isLost: boolean().notNull().default(false),
  madeAt: moment().notNull(),
}, (t) => [primaryKey({ columns: [t.orgId, t.callerId, t.digest] }), index("client_creations_made").on(t.orgId, t.madeAt)]);
