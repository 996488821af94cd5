import { afterAll, beforeAll, expect, it } from "vitest";
import { PASSWORD } from "../../db/factories.ts";
import { seed } from "../../db/seed.ts";
import { DAY_MS, dayOf } from "../../domain/costs/days.ts";
import { decimal, decimalText, sum, trimmed } from "../../domain/costs/decimal.ts";
import { BY_RUN, isFacet, SPEND_BY } from "../../domain/costs/spend-by.ts";
import { type TestServer, testServer } from "../access/testing.ts";
import { completeHours, postDirtyHours } from "./commands/posting.ts";

/** As `./drover seed` makes it, but of fewer days: every hour of 600 assets is rated here. */
const SEEDED = { runs: 100, days: 2 };
let server: TestServer;
let boss: Record<string, string>;
const range = { from: dayOf(Date.now() - (SEEDED.days + 2) * DAY_MS), to: dayOf(Date.now() + DAY_MS) };

beforeAll(async () => {
  server = await testServer();
  const { slug, ownerEmail } = await seed(server.db, { now: Date.now(), ...SEEDED });
  boss = await server.as({ email: ownerEmail, password: PASSWORD }, slug);
  await completeHours(server.sql);
  while ((await postDirtyHours(server, Date.now())).hours > 0);
}, 300_000);
afterAll(() => server.close());

const plain = (amount: string) => decimalText(trimmed(decimal(amount)));
const total = (rows: readonly { amount: string }[]) => plain(decimalText(sum(rows.map(({ amount }) => decimal(amount)))));
async function ask(path: string, input?: unknown) {
  const answer = await server.query(boss, path, input);
  expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  return answer.data;
}
/** What the database itself adds up, each row of it once. */
async function summed(where: ReturnType<TestServer["sql"]>): Promise<string> {
  const [row] = await server.sql<{ amount: string }[]>`select coalesce(sum(d.amount), 0)::text as amount from cost_daily d left join projects p on p.id = d.project_id where ${where}`;
  return plain(row!.amount);
}

it("the seeded organization's spend is the ledger's to the last digit, by whatever it is told apart", async () => {
  const all = await summed(server.sql`true`);
  const [ledger] = await server.sql<{ amount: string }[]>`select sum(amount)::text as amount from ledger_entries where amount > 0`;
  expect(plain(ledger!.amount)).toBe(all);
  expect(all).not.toBe("0");
  const held = await summed(server.sql`d.project_id <> ''`);
  for (const by of SPEND_BY.filter((one) => one !== "tag" && !isFacet(one))) {
    const view = await ask("costs.spend", { ...range, by });
    expect([by, total(view.groups), total(view.days), plain(view.amount)]).toEqual([by, ...Array.from({ length: 3 }, () => (BY_RUN.has(by) ? held : all))]);
  }
  const parts = await ask("costs.parts", range);
  expect([plain(parts.amount), total(parts.groups)]).toEqual([all, all]);
  const periods = await ask("costs.periods");
  expect(total(periods)).toBe(all);
});

it("its runs, months and budgets are sums of the same figures", async () => {
  const rows: { id: string; amount: string }[] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined; ) {
    const page: { items: typeof rows; nextCursor?: number | null } = await ask("costs.runs", { ...range, cursor, limit: 200 });
    rows.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  }
  expect(total(rows)).toBe(await summed(server.sql`d.project_id <> ''`));
  const whole = new Set((await server.sql<{ id: string }[]>`select run_id as id from attempts group by 1 having min(started_at) > now() - make_interval(days => ${SEEDED.days - 1}) and bool_and(ended_at < now() - interval '2 hours')`).map(({ id }) => id));
  const dearest = rows.find(({ id }) => whole.has(id)); // of what began before the seeded days, only these are booked; what runs is more by the minute
  expect(plain((await ask("costs.run", { id: dearest!.id })).amount)).toBe(plain(dearest!.amount));
  const { month, budgets } = (await ask("costs.budgets")) as { month: string; budgets: { scope: { id: string }; spent: string }[] };
  expect(budgets).toHaveLength(3);
  for (const { scope, spent } of budgets) expect(plain(spent)).toBe(await summed(server.sql`p.team_id = ${scope.id} and to_char(d.day, 'YYYY-MM') = ${month}`));
  for (const { period, amount } of await ask("costs.periods")) {
    const view = await ask("costs.period", { period });
    expect([period, plain(view.amount)]).toEqual([period, plain(amount)]);
    expect(plain(amount)).toBe(await summed(server.sql`to_char(d.day, 'YYYY-MM') = ${period as string}`));
  }
});

it("its waste, recommendations, prices, rates, discrepancies, embeds and schedules are answered", async () => {
  expect((await ask("costs.waste")).clusters.map(({ name }: { name: string }) => name)).toEqual(["Lab", "Oslo", "Rented A100"]);
  expect((await ask("costs.prices")).lines).toHaveLength(6);
  for (const path of ["costs.advice", "costs.embeds", "costs.schedules"]) expect(await ask(path)).toBeDefined();
  for (const path of ["costs.reviews", "costs.tags"]) expect(await ask(path, path === "costs.tags" ? range : {})).toBeDefined();
});
