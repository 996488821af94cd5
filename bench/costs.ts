import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sql } from "postgres";
import { connect } from "../db/client.ts";
import { openSql } from "../db/connection.ts";
import { migrate } from "../db/migrate.ts";
import { PARTS_BY } from "../domain/costs/parts-view.ts";
import { SPEND_BY } from "../domain/costs/spend-by.ts";
import { EmbeddedPostgres } from "../scripts/postgres/postmaster.ts";
import { bus, openBus, setBus } from "../server/bus.ts";
import { closePeriod, requestClose } from "../server/costs/commands/periods.ts";
import { readAdvice } from "../server/costs/queries/advice.ts";
import { listBudgets } from "../server/costs/queries/budgets-page.ts";
import { asEmbed, type EmbedLook } from "../server/costs/queries/embeds.ts";
import { readParts } from "../server/costs/queries/parts.ts";
import { getPeriod, listPeriods } from "../server/costs/queries/periods.ts";
import { listPrices } from "../server/costs/queries/prices.ts";
import { listRepriced } from "../server/costs/queries/repriced.ts";
import { listCostTags, listRunCosts } from "../server/costs/queries/run-costs.ts";
import { readSpend } from "../server/costs/queries/spend.ts";
import { readWaste } from "../server/costs/queries/waste.ts";
import type { Ctx } from "../server/trpc/context.ts";
import { fillYear, type Filled, SHARE, YEAR } from "./costs-year.ts";
import { median, percentile, say } from "./figures.ts";
import { withFolder } from "./folder.ts";

// A year of costs of 200 people: every view of it as the pages ask for it, and the close of a month. Beside it what peers do: a
// float sum over raw rows, of one month. DROVER_BENCH_SHARE=0.1 takes a tenth of the runs; DROVER_BENCH_FOLDER keeps the database.

const LOOKS = 12;
const VIEW_GOAL = "goal < 300";

async function millisecondsOf(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

/** Everything that a costs page asks, of the whole year. */
function viewsOf(ctx: Ctx, { from, to, month }: Filled, embedded: (by: "project" | "team") => Promise<unknown>): Record<string, () => Promise<unknown>> {
  const now = Date.now();
  const range = { from, to };
  return {
    ...Object.fromEntries(SPEND_BY.map((by) => [`spend by ${by}`, () => readSpend(ctx, { ...range, by, ...(by === "tag" ? { tag: "dataset" } : {}) })])),
    ...Object.fromEntries(PARTS_BY.map((by) => [`what it went to, by ${by}`, () => readParts(ctx, { ...range, by })])),
    "the dearest runs": () => listRunCosts(ctx, { ...range, limit: 25 }),
    "tags": () => listCostTags(ctx, range),
    "embedded, groups of five, by project": () => embedded("project"),
    "embedded, groups of five, by team": () => embedded("team"),
    "periods": () => listPeriods(ctx),
    "a month's statement": () => getPeriod(ctx, month, now),
    "budgets": () => listBudgets(ctx, now),
    "recommendations": () => readAdvice(ctx, now),
    "waste": () => readWaste(ctx, now),
    "prices": () => listPrices(ctx.db, ctx.orgId),
    "what versions changed": () => listRepriced(ctx),
  };
}

/** The database of the last try, where its folder was kept; else one that is filled now. */
async function filledAt(owner: Sql, folder: string): Promise<Filled> {
  const note = join(folder, "filled.json");
  if (existsSync(note)) {
    const filled = JSON.parse(readFileSync(note, "utf8")) as Filled;
    await owner`set session_replication_role = replica`;
    await owner`delete from cost_periods where period = ${filled.month}`; // that try closed it
    return filled;
  }
  const begun = performance.now();
  const filled = await fillYear(owner, (what) => console.log(`  ${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${what}`));
  writeFileSync(note, JSON.stringify(filled));
  return filled;
}

async function lookAt(views: Record<string, () => Promise<unknown>>): Promise<void> {
  let worst = 0;
  for (const [name, read] of Object.entries(views)) {
    await read(); // plans and pages as they are once somebody works with it
    const looks: number[] = [];
    for (let n = 0; n < LOOKS; n += 1) looks.push(await millisecondsOf(read));
    worst = Math.max(worst, percentile(looks, 0.99));
    say(`a year's ${name}, p99`, percentile(looks, 0.99), "ms", `p50 ${median(looks).toFixed(0)}`);
  }
  say("the slowest view of the year, p99", worst, "ms", VIEW_GOAL);
}

await withFolder(async (folder) => {
  const server = new EmbeddedPostgres({ folder: join(folder, "postgres"), log: join(folder, "postgres.log"), durable: false, maxConnections: 50 });
  await server.start();
  const url = server.url();
  await migrate(url, join(import.meta.dirname, "../db/migrations"));
  process.env.DATABASE_URL = url;
  process.env.DROVER_SECRET ??= randomBytes(32).toString("hex"); // what the recommendations' placement asks for
  const clients = connect(url);
  const owner = openSql(url, { max: 1, onnotice: () => {} });
  const filled = await filledAt(owner, folder);
  const [size] = await owner<{ gib: number; daily: number; entries: number; raw: number }[]>`
    select pg_database_size(current_database())::float8 / 2 ^ 30 as gib, (select count(*)::int from cost_daily) as daily, (select count(*)::int from ledger_entries) as entries, (select count(*)::int from raw_allocations) as raw`;
  if (SHARE !== 1) console.log(`  ${SHARE} OF THE RUNS ONLY (DROVER_BENCH_SHARE): no figures of a whole year`);
  console.log(`  ${YEAR.people} people, ${YEAR.days * YEAR.runsPerDay} runs, ${size!.daily} sums by day, ${size!.entries} ledger entries of ${filled.month}, ${size!.gib.toFixed(1)} GiB`);
  const ctxOf = (id: string): Ctx => {
    const grant = { orgId: filled.orgId, permission: "costs:manage" as const, org: true, teams: new Set<string>(), projects: new Set<string>() };
    return { db: clients.tenant(filled.orgId).db, orgId: filled.orgId, orgSlug: "year", requestId: "bench", actor: { type: "user", id, name: id }, grant, grantFor: () => grant } as unknown as Ctx;
  };
  const look: EmbedLook = { orgId: filled.orgId, clientId: "ecl_1", viewer: "v", report: { id: "erp_1", title: "t", by: "project", from: filled.from, to: filled.to }, projectIds: null, ceiling: null, minGroup: 5, capabilities: [] };
  await lookAt(viewsOf(ctxOf("usr_0"), filled, (by) => asEmbed(clients.db, look, (reader) => readSpend(reader, { from: filled.from, to: filled.to, by }))));
  setBus(await openBus(clients.sql)); // pages are told of a close
  const [asks, closes] = [await millisecondsOf(() => requestClose(ctxOf("usr_0"), filled.month)), await millisecondsOf(() => closePeriod(ctxOf("usr_1"), filled.month))];
  say("a month's close, asked for and done", (asks + closes) / 1000, "s", "goal < 600");
  const floats: number[] = [];
  for (let n = 0; n < 3; n += 1) floats.push(await millisecondsOf(() => owner`select project_id, date_trunc('day', hour) as day, sum(quantity * price) as amount from raw_allocations group by 1, 2`));
  say("peers' way: a float sum over a month's raw rows", median(floats), "ms", `${size!.raw} rows; a year has twelve times as many`);
  await bus().close();
  await owner.end();
  await clients.close();
  await server.stop();
}, process.env.DROVER_BENCH_FOLDER);
