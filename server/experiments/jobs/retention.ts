import { sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { orgs } from "../../../db/schema/access.ts";
import { runEvents, runs } from "../../../db/schema/experiments.ts";
import { removalMessage, RETENTION_RULES, type RetentionRule } from "../../../domain/experiments/retention.ts";
import type { Bus } from "../../bus.ts";
import { eachOrg } from "../../each-org.ts";
import { log } from "../../log.ts";
import { loadRetentionRules, REMOVED, type Shelf, SHELVES } from "../queries/retention.ts";

const PAGE = 100;

interface Removal {
  orgId: string;
  rule: RetentionRule;
  days: number;
  shelf: Shelf;
}

/**
 * Forgets the files and logs that the organizations' rules no longer keep, run by run; each run's timeline says so. The bytes go
 * afterwards, where nothing else names them (`collectObjects`). May be repeated at any point.
 * @returns how many files.
 */
export async function applyRetention(db: Db, bus: Bus): Promise<number> {
  let removed = 0;
  const held = await db.select({ id: orgs.id }).from(orgs);
  await eachOrg("retention", held.map(({ id }) => id), async (orgId) => {
    const rules = await loadRetentionRules(db, orgId);
    for (const rule of RETENTION_RULES) {
      const days = rules[rule];
      if (days !== null) for (const shelf of SHELVES[rule]) removed += await clearShelf(db, bus, { orgId, rule, days, shelf });
    }
  });
  if (removed > 0) log().info({ files: removed }, "files that the retention rules no longer keep");
  return removed;
}

async function clearShelf(db: Db, bus: Bus, removal: Removal): Promise<number> {
  const { orgId, days, shelf: { held, owners, due } } = removal;
  let removed = 0;
  for (let after = ""; ; ) {
    const page = await db.execute<{ id: string }>(sql`
      select ${owners.id} as id from ${owners} where ${owners.orgId} = ${orgId} and ${owners.id} > ${after} and ${due(days)} and exists (select 1 from (${held}) held where held.owner = ${owners.id})
      order by ${owners.id} limit ${PAGE}`);
    for (const { id } of page) removed += await removeFiles(db, bus, removal, id);
    if (page.length < PAGE) return removed;
    after = page.at(-1)!.id;
  }
}

/** Of one run or model, if it may still go: somebody may have restored, tagged or retried it meanwhile. */
async function removeFiles(db: Db, bus: Bus, { orgId, rule, days, shelf: { clear, owners, due } }: Removal, id: string): Promise<number> {
  const gone = await db.transaction(async (tx) => {
    const [still] = await tx.execute(sql`select 1 from ${owners} where ${owners.id} = ${id} and ${due(days)} for no key update`);
    if (!still) return { files: 0, bytes: 0 };
    const [first, ...others] = clear(id);
    const counted = (await tx.execute<{ files: number; bytes: number }>(first))[0]!;
    for (const other of others) await tx.execute(other);
    if (owners === runs && counted.files > 0) await tx.insert(runEvents).values({ orgId, runId: id, kind: REMOVED[rule === "logs" ? "logs" : "files"], actor: "system", message: removalMessage(rule, days, counted) });
    return counted;
  });
  if (owners === runs && gone.files > 0) await bus.publishNow([{ orgId, topic: "run", id }]);
  return gone.files;
}
