import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../db/client.ts";
import { projects } from "../../db/schema/access.ts";
import { runs } from "../../db/schema/experiments.ts";
import { registeredModels } from "../../db/schema/models.ts";
import { reports } from "../../db/schema/reports.ts";
import type { Grant } from "../../domain/access/roles.ts";
import { reachedProjects } from "../experiments/queries/visible.ts";

const TABLES = { run: runs, model: registeredModels, report: reports };
export type OfProject = keyof typeof TABLES;

/** Those of these things that are in a project which the grant reaches. */
export async function listReached(db: DbOrTx, grant: Grant, what: OfProject, ids: string[]): Promise<Set<string>> {
  const table = TABLES[what];
  const rows = await db.select({ id: table.id }).from(table).innerJoin(projects, eq(projects.id, table.projectId)).where(and(inArray(table.id, ids), reachedProjects(grant)));
  return new Set(rows.map(({ id }) => id));
}
