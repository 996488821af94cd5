import { and, eq, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { artifacts, attempts, objects } from "../../../db/schema/experiments.ts";
import { loggedModelFiles } from "../../../db/schema/models.ts";
import type { ObjectRef } from "../object-store.ts";

/** Whose files: those that a run left, or a logged model's own. */
export type FileOwner = { kind: "run"; id: string } | { kind: "model"; id: string };

export interface TreeEntry {
  /** From the owner's root. */
  path: string;
  isFolder: boolean;
  /** Of a folder: of everything in it. */
  bytes: number;
  files: number;
}

export interface StoredFile extends ObjectRef {
  path: string;
  bytes: number;
  contentType: string;
}

/** One row per path: what a client logged last, or else what the newest attempt left. */
function filesOf(owner: FileOwner, under?: SQL): SQL {
  if (owner.kind === "model") {
    const f = loggedModelFiles;
    return sql`select ${f.path} as path, ${f.bytes} as bytes from ${f} where ${f.modelId} = ${owner.id} ${under ? sql`and ${under}` : sql``}`;
  }
  return sql`
    select distinct on (${artifacts.path}) ${artifacts.path} as path, ${artifacts.bytes} as bytes
    from ${artifacts} left join ${attempts} on ${attempts.id} = ${artifacts.attemptId}
    where ${artifacts.runId} = ${owner.id} ${under ? sql`and ${under}` : sql``}
    order by ${artifacts.path}, ${attempts.number} desc nulls first`;
}

/** Paths below a folder, as a condition that an index on the path can serve. */
const below = (column: typeof artifacts.path | typeof loggedModelFiles.path, folder: string): SQL => sql`starts_with(${column}, ${`${folder}/`})`;

/**
 * What lies directly in a folder, by name. @param folder Empty for the root.
 * @param after The last path of the page before.
 */
export async function listFolder(db: DbOrTx, owner: FileOwner, folder: string, page: { after?: string; limit: number }): Promise<TreeEntry[]> {
  const column = owner.kind === "model" ? loggedModelFiles.path : artifacts.path;
  const skip = folder === "" ? 0 : Array.from(folder).length + 1; // Postgres counts characters, not UTF-16 units
  const rows = await db.execute<{ path: string; is_folder: boolean; bytes: number; files: number }>(sql`
    select ${folder === "" ? sql`` : sql`${`${folder}/`} ||`} name as path, bool_or(is_folder) as is_folder, sum(bytes)::float8 as bytes, count(*)::int as files
    from (
      select split_part(substr(path, ${skip + 1}), '/', 1) as name, strpos(substr(path, ${skip + 1}), '/') > 0 as is_folder, bytes
      from (${filesOf(owner, folder === "" ? undefined : below(column, folder))}) files
    ) entries
    ${page.after === undefined ? sql`` : sql`where name collate "C" > ${page.after} collate "C"`}
    group by name order by name collate "C" limit ${page.limit}`);
  return [...rows].map((row) => ({ path: row.path, isFolder: row.is_folder, bytes: row.bytes, files: row.files }));
}

/** The file at a path; null when there is none. */
export async function findFile(db: DbOrTx, orgId: string, owner: FileOwner, path: string): Promise<StoredFile | null> {
  if (owner.kind === "model") {
    const f = loggedModelFiles;
    const [row] = await db
      .select({ path: f.path, bytes: f.bytes, contentType: f.contentType, sha256: f.sha256, key: objects.key })
      .from(f)
      .innerJoin(objects, and(eq(objects.orgId, f.orgId), eq(objects.sha256, f.sha256)))
      .where(and(eq(f.orgId, orgId), eq(f.modelId, owner.id), eq(f.path, path)))
      .limit(1);
    return row ?? null;
  }
  const [row] = await db
    .select({ path: artifacts.path, bytes: artifacts.bytes, contentType: artifacts.contentType, sha256: artifacts.sha256, key: objects.key })
    .from(artifacts)
    .innerJoin(objects, and(eq(objects.orgId, artifacts.orgId), eq(objects.sha256, artifacts.sha256)))
    .leftJoin(attempts, eq(attempts.id, artifacts.attemptId))
    .where(and(eq(artifacts.orgId, orgId), eq(artifacts.runId, owner.id), eq(artifacts.path, path)))
    .orderBy(sql`${attempts.number} desc nulls first`)
    .limit(1);
  return row ?? null;
}
