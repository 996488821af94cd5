import { say, takeNoMore, Trouble } from "./say.ts";
import { checkServer, migrateAll } from "./up/database.ts";

/** `./drover migrate`: bring the database of DATABASE_URL to this release. `./drover up` does it by itself. */
export async function main(args: string[]): Promise<void> {
  takeNoMore(args, "./drover migrate");
  const url = process.env.DATABASE_URL;
  if (!url) throw new Trouble("DATABASE_URL is not set.", "Set it to postgres://user:password@host:5432/database. The embedded database is migrated by ./drover up.");
  await checkServer(url);
  await migrateAll(url);
  say.done("the database is at this release");
}
