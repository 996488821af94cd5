import { join } from "node:path";
import { connect } from "../db/client.ts";
import { factories } from "../db/factories.ts";
import { CONSOLE_PAGES } from "../e2e/console-pages.ts";
import { sessionCookie } from "../e2e/session.ts";
import { makeWorld } from "../e2e/world.ts";
import { ensureBuilt } from "../scripts/build.ts";
import { median, say } from "./figures.ts";
import { FirstLoad } from "./first-load.ts";
import { withFolder } from "./folder.ts";
import { familyOf, proportionalMib, residentMib } from "./process-cost.ts";
import { requestsPerSecond, startRouteHandler } from "./requests.ts";
import { up, type Up } from "./up.ts";

// From the command to a page, what the whole of it weighs, what a browser must load, and what our server answers per second.

const ROUNDS = 5;
const GOALS = { startSeconds: 10, firstLoadKb: 300, ratio: 4 };
/** Long enough for the server to have settled and the agent to have enrolled. */
const SETTLE_MS = 10_000;

async function measureStarts(folderOf: (round: number) => string): Promise<void> {
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const into of [first, again]) {
      const drover = await up(folderOf(round));
      into.push(drover.seconds);
      await drover.stop();
    }
  }
  say("./drover up to the first page, new database", median(first), "s", `median of ${ROUNDS}`);
  say("./drover up to the first page, second start", median(again), "s", `median of ${ROUNDS} (goal < ${GOALS.startSeconds})`);
}

function measureMemory(drover: Up): void {
  const family = familyOf(drover.pid);
  const sum = (of: (pid: number) => number) => family.reduce((total, pid) => total + of(pid), 0);
  say(`resident memory of all ${family.length} processes`, sum(residentMib), "MiB", `${sum(proportionalMib).toFixed(0)} MiB with shared pages counted once`);
}

async function measurePages(drover: Up, cookie: string, world: Awaited<ReturnType<typeof makeWorld>>): Promise<void> {
  const weigh = new FirstLoad(drover.url, cookie);
  const sizes: { name: string; kb: number }[] = [];
  for (const [name, pathOf] of Object.entries(CONSOLE_PAGES)) sizes.push({ name, kb: await weigh.of(pathOf(world)) });
  sizes.sort((a, b) => b.kb - a.kb);
  for (const { name, kb } of sizes) say(`first-load JavaScript, gzip: ${name}`, kb, "kB", kb > GOALS.firstLoadKb ? `over ${GOALS.firstLoadKb}` : "");
  say("first-load JavaScript, gzip: the heaviest page", sizes[0]!.kb, "kB", `${sizes[0]!.name} (goal ≤ ${GOALS.firstLoadKb}: ratio ${(sizes[0]!.kb / GOALS.firstLoadKb).toFixed(2)})`);
}

/** In turns, so that what else the machine does falls on both. */
async function compare(what: string, query: string, ours: string, theirs: string): Promise<void> {
  const rates = { ours: [] as number[], theirs: [] as number[] };
  for (const url of [ours, theirs]) await requestsPerSecond(url + query); // warm
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await requestsPerSecond(ours + query));
    rates.theirs.push(await requestsPerSecond(theirs + query));
  }
  const [here, there] = [median(rates.ours), median(rates.theirs)];
  say(`${what}, our server`, here, "requests/s", `median of ${ROUNDS}`);
  say(`${what}, Next route handler`, there, "requests/s", `ratio ${(here / there).toFixed(1)} (goal ≥ ${GOALS.ratio})`);
}

/** Drover's procedures as our server and as a Next route handler serve them, on the same database. */
async function measureRequests(drover: Up): Promise<void> {
  const peer = await startRouteHandler({ DATABASE_URL: drover.databaseUrl, DROVER_SECRET: drover.secret, DROVER_URL: drover.url, DROVER_LOG_LEVEL: "warn" });
  try {
    const lookup = encodeURIComponent(JSON.stringify({ json: { token: "0".repeat(43) } }));
    await compare("a tRPC query", "/api/trpc/access.about", drover.url, peer.url);
    await compare("a tRPC query that reads a row", `/api/trpc/access.setupState?input=${lookup}`, drover.url, peer.url);
  } finally {
    await peer.stop();
  }
}

await ensureBuilt();
await withFolder(async (base) => {
  await measureStarts((round) => join(base, String(round)));
  const drover = await up(join(base, "0"));
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    measureMemory(drover);
    const clients = connect(drover.databaseUrl, { max: 2, rawMax: 1 });
    const world = await makeWorld(factories(clients.db));
    const { name, value } = await sessionCookie(clients.db, drover.secret, world.owner.id);
    await clients.close();
    await measurePages(drover, `${name}=${value}`, world);
    await measureRequests(drover);
  } finally {
    await drover.stop();
  }
});
