import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { runParams, runTags } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { NOT_SET } from "../../../../domain/experiments/compare/view.ts";
import { readHeads } from "./heads.ts";

/** Which group each run is in, by run id. */
export async function groupsOf(db: DbOrTx, grant: Grant, ids: string[], by: string): Promise<Map<string, string>> {
  const pair = /^(param|tag):(.+)$/s.exec(by);
  if (pair) {
    const table = pair[1] === "param" ? runParams : runTags;
    const rows = await db.select({ runId: table.runId, value: table.value }).from(table).where(and(inArray(table.runId, ids), eq(table.key, pair[2]!)));
    const found = new Map(rows.map(({ runId, value }) => [runId, value]));
    return new Map(ids.map((id) => [id, found.get(id) ?? NOT_SET]));
  }
  const heads = await readHeads(db, grant, ids);
  const of = { experiment: (run: (typeof heads)[number]) => run.experiment.name, project: (run: (typeof heads)[number]) => run.project.name, status: (run: (typeof heads)[number]) => run.status, owner: (run: (typeof heads)[number]) => run.owner }[by];
  return new Map(heads.map((run) => [run.id, of?.(run) ?? NOT_SET]));
}
