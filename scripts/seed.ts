import { parseArgs } from "node:util";
import { connect } from "../db/client.ts";
import { PASSWORD } from "../db/factories.ts";
import { seed } from "../db/seed.ts";
import { EmbeddedPostgres } from "./postgres/postmaster.ts";
import { recall } from "./process/identity.ts";
import { say, timed, Trouble } from "./say.ts";
import { migrateAll } from "./up/database.ts";
import { State } from "./up/state.ts";

const USAGE = "Use: ./drover seed [--runs N]";

/** `./drover seed`: an invented organization with 90 days of history, in an empty database. */
export async function main(args: string[]): Promise<void> {
  let runs: number;
  try {
    runs = Number(parseArgs({ args, options: { runs: { type: "string", default: "10000" } } }).values.runs);
    if (!Number.isInteger(runs) || runs < 1 || runs > 1_000_000) throw new Error("--runs needs a number from 1 to 1000000");
  } catch (cause) {
    throw new Trouble(cause instanceof Error ? cause.message : String(cause), USAGE, { cause });
  }
  const { url, close } = await reach();
  const clients = connect(url, { max: 4, rawMax: 1 });
  try {
    await migrateAll(url);
    const { slug, ownerEmail } = await timed(`making Northwind Research with ${runs} runs`, "made", () => seed(clients.db, { now: Date.now(), runs })).catch((cause: unknown) => {
      throw new Trouble(cause instanceof Error ? cause.message : String(cause), "Seeding needs an empty database: set DROVER_STATE to a new folder, for ./drover up as well.", { cause });
    });
    say.plain(`Sign in at /${slug} as ${ownerEmail} with the password: ${PASSWORD}`);
  } finally {
    await clients.close();
    await close();
  }
}

/** DATABASE_URL, or the embedded server: the one that ./drover up runs, or one started for this. */
async function reach(): Promise<{ url: string; close: () => Promise<void> }> {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, close: async () => {} };
  const state = new State();
  state.prepare();
  const server = new EmbeddedPostgres({ folder: state.postgres, log: state.log("postgres") });
  await server.start();
  const isShared = recall(state.pidFile("launcher")) !== null;
  return { url: server.url(), close: async () => (isShared ? undefined : server.stop()) };
}
