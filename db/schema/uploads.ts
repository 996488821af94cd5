import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { orgs } from "./access.ts";
import { id, moment } from "./columns.ts";

/** A large file that a client logs in parts (MLflow's multipart upload), from its first request until some time after its last. */
export const clientUploads = pgTable("client_uploads", {
  id: id("clientUpload"),
  orgId: text().notNull().references(() => orgs.id),
  /** The run or logged model, and the file of it. */
  ownerId: text().notNull(),
  path: text().notNull(),
  parts: integer().notNull(),
  createdAt: moment().notNull().defaultNow(),
  /** The file is there and its parts are gone: a client that asks again is told so. */
  completedAt: moment(),
}, (t) => [index("client_uploads_created").on(t.orgId, t.createdAt)]);

export const clientUploadParts = pgTable("client_upload_parts", {
  uploadId: text().notNull().references(() => clientUploads.id, { onDelete: "cascade" }),
  number: integer().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  key: text().notNull(), // where the store has it
  sha256: text().notNull(),
}, (t) => [primaryKey({ columns: [t.uploadId, t.number] })]);
