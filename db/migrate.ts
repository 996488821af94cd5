import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openSql } from "./connection.ts";

const LOCK = 7_070_001;

/**
 * Applies the SQL files of a folder in the order of their names, one transaction per file.
 * @throws Error when an applied file was changed, or a file sorts before the last applied one (a merged branch): neither may pass in silence.
 */
export async function migrate(url: string, folder: string, say: (line: string) => void = () => {}): Promise<string[]> {
  const sql = openSql(url, { max: 1 });
  try {
    await sql`select pg_advisory_lock(${LOCK})`;
    await sql`create table if not exists drover_migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`;
    const applied = new Map((await sql<{ name: string; sha256: string }[]>`select name, sha256 from drover_migrations`).map((row) => [row.name, row.sha256]));
    const last = [...applied.keys()].sort().at(-1) ?? "";
    const fresh: string[] = [];
    for (const name of (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort()) {
      const text = await readFile(join(folder, name), "utf8");
      const sha256 = createHash("sha256").update(text).digest("hex");
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before) throw new Error(`Migration ${name} was changed after it was applied. Restore it and add a new one.`);
      if (name < last) throw new Error(`Migration ${name} sorts before ${last}, which is already applied. Rename it so that it comes last.`);
      say(`migrating ${name}`);
      await sql.begin(async (tx) => {
        for (const statement of text.split("--> statement-breakpoint")) if (statement.trim()) await tx.unsafe(statement);
        await tx`insert into drover_migrations (name, sha256) values (${name}, ${sha256})`;
      });
      fresh.push(name);
    }
    return fresh;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
