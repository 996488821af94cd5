import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare, decimal, sum } from "../../domain/costs/decimal.ts";
import { periodOf } from "../../domain/costs/ledger.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { monthName, type PeriodFacts, periodChecks, spanOf } from "../../domain/costs/period.ts";
import { buildApp } from "../app.ts";
import { postDirtyHours } from "./commands/posting.ts";
import { LOCKS } from "../locks.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
const same = (a: string, b: string) => compare(decimal(a), decimal(b)) === 0;
beforeAll(async () => {
  world = await meteredWorld();
  await world.ran(world.vision.id, world.start, HOUR_MS + 7);
  await world.ran(world.speech.id, world.start, HOUR_MS / 3);
  await world.book();
});
afterAll(() => world.close());

/** How many claims are in the way of a month's close. */
async function inTheWay(period: string): Promise<string | null> {
  return (await world.owner.api.costs.period({ period })).checks.find(({ name }) => name === "No claims contradict each other")!.problem;
}

describe("the close of a month", () => {
  it("waits for every check, and says which", async () => {
    const facts: PeriodFacts = { completeTo: spanOf("2026-03").to, dirtyHours: 0, provisional: decimal("0"), openReviews: 0, negativeIdle: 0, openBefore: null };
    const after = spanOf("2026-03").to;
    const failed = (more: Partial<PeriodFacts>, now = after) => periodChecks("2026-03", { ...facts, ...more }, now).filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed({})).toEqual([]);
    expect(failed({}, after - 1)).toEqual(["The month is over"]);
    expect(failed({ dirtyHours: 1 })).toEqual(["Every hour is rated"]);
    expect(failed({ completeTo: after - 1 })).toEqual(["Every hour is rated"]);
    expect(failed({ provisional: decimal("-0.01") })).toEqual(["Nothing is provisional"]);
    expect(failed({ openReviews: 2, negativeIdle: 1, openBefore: "2026-02" })).toEqual(["No claims contradict each other", "Nobody held more than there was", "The months before are closed"]);
  });

  it("needs two people, and says so to one", async () => {
    const { api } = world.owner;
    await world.sql`insert into usage_reviews (id, org_id, cluster_id, message, opened_at) values ('urv_1', ${world.org.id}, ${world.cluster.id}, 'two claims', ${new Date(world.start)})`;
    await expect(api.costs.requestClose({ period: world.last })).rejects.toThrow("1 contradiction of usage waits for somebody to look at");
    expect(await inTheWay(periodOf(Date.now()))).toBeNull(); // it is in the way of its own month alone
    await world.sql`update usage_reviews set resolved_at = now()`;
    await expect(api.costs.closePeriod({ period: world.last })).rejects.toThrow("Ask for the close");
    await api.costs.requestClose({ period: world.last });
    await expect(api.costs.requestClose({ period: world.last })).rejects.toThrow("asked for already");
    await expect(api.costs.closePeriod({ period: world.last })).rejects.toThrow("Somebody else must close it");
    expect(await api.costs.period({ period: world.last })).toMatchObject({ state: "requested", isOwnRequest: true });
    await api.costs.withdrawClose({ period: world.last });
    await world.second.api.costs.requestClose({ period: world.last });
    await api.costs.closePeriod({ period: world.last });
    await expect(api.costs.withdrawClose({ period: world.last })).rejects.toThrow("it is closed");
    expect((await api.costs.periods()).find(({ period }) => period === world.last)).toMatchObject({ state: "closed", requestedBy: "Bea Billing", closedBy: "Olga Owner" });
    await expect(world.sql`update cost_periods set closed_by = requested_by`).rejects.toThrow("cost_periods_second_person");
    await expect(api.costs.setCurrency({ currency: "EUR" })).rejects.toThrow(`${monthName(world.last)} is closed in the present currency`);
    const member = await world.makeUser(world.org.id, world.org.slug, "Vic", [["member", "project", world.vision.id]]);
    await expect(member.api.costs.requestClose({ period: world.last })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const own = await member.api.costs.period({ period: world.last });
    expect([own.lines.map(({ project }) => project), own.checks]).toEqual([["vision"], []]);
  });

  it("keeps its total whatever comes later, which is booked as a correction in an open month", async () => {
    const { api } = world.owner;
    const [before] = await world.sql<{ total: string }[]>`select total::text from cost_periods where period = ${world.last}`;
    const closed = await api.costs.period({ period: world.last });
    expect(same(before!.total, closed.amount)).toBe(true);
    await world.price("3");
    const late = await world.ran(world.vision.id, world.start + 2 * HOUR_MS, HOUR_MS);
    await world.book();
    expect(same((await api.costs.period({ period: world.last })).amount, before!.total)).toBe(true);
    const open = await api.costs.period({ period: periodOf(Date.now()) });
    expect(compare(decimal(open.corrections), decimal("0"))).toBe(1);
    await world.sql`insert into usage_reviews (id, org_id, cluster_id, attempt_id, message) values ('urv_2', ${world.org.id}, ${world.cluster.id}, ${late}, 'two witnesses differ')`;
    expect([await inTheWay(open.period), await inTheWay(periodOf(spanOf(open.period).to))]).toEqual([expect.stringContaining("1 contradiction"), null]); // found after the close: in the way of the first open month alone
    await world.sql`update usage_reviews set resolved_at = now()`;
    const [ledger] = await world.sql<{ sum: string }[]>`select sum(amount)::text from ledger_entries where line > 0`;
    const all = sum((await api.costs.periods()).map(({ amount }) => decimal(amount)));
    expect(compare(all, decimal(ledger!.sum))).toBe(0);
    expect(await world.sql`select 1 from ledger_entries where period = ${world.last} and posted_at > (select closed_at from cost_periods where period = ${world.last})`).toHaveLength(0);
  });

  it("does not come between a posting and its booking: one waits for the other", async () => {
    await world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select distinct org_id, cluster_id, node, kind, model, hour from ledger_entries on conflict do nothing`;
    let isBooked = false;
    await world.sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCKS.booking}, hashtext(${world.org.id}))`; // as the close does
      void postDirtyHours(world, Date.now()).then(() => (isBooked = true));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isBooked).toBe(false);
    });
    await expect.poll(() => isBooked).toBe(true);
    await world.book();
  });

  it("is given as a statement whose lines in cents add up to its rounded total", async () => {
    const { token } = await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] });
    const answer = await buildApp().request(`/api/costs/statement?period=${world.last}&format=csv`, { headers: { authorization: `Bearer ${token}` } });
    const [head, ...lines] = (await answer.text()).trim().split("\r\n");
    expect(head).toBe("period,state,team,project,charge,amount,exact_amount,of_which_corrections,currency");
    const { roundedTotal, lines: shown } = await world.owner.api.costs.period({ period: world.last });
    expect(lines).toHaveLength(shown.length);
    expect(compare(sum(lines.map((line) => decimal(line.split(",")[5]!))), decimal(roundedTotal))).toBe(0);
    const inEuros = () => buildApp().request(`/api/costs/statement?period=${world.last}&format=csv&currency=EUR`, { headers: { authorization: `Bearer ${token}` } });
    const without = await inEuros();
    expect([without.status, await without.text()]).toEqual([422, expect.stringContaining("There is no rate of EUR that holds on")]);
    await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2020-01-01", rate: "1.25" });
    const [euroHead, ...euros] = (await (await inEuros()).text()).trim().split("\r\n");
    expect(euroHead).toBe(`${head},shown_amount,shown_currency,exchange_rate,rate_since`);
    expect(euros.map((line) => line.split(",").slice(0, 9).join(","))).toEqual(lines); // the ledger's own stay what they are
    expect(euros.every((line) => line.endsWith(",EUR,1.25,2020-01-01"))).toBe(true);
    expect(await world.owner.api.costs.period({ period: world.last })).toMatchObject({ currency: "USD", roundedTotal, rates: [{ currency: "EUR", rate: "1.25", since: "2020-01-01" }] });
    const refused = await buildApp().request("/api/costs/statement?period=2026-13&format=csv", { headers: { authorization: `Bearer ${token}` } });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("Write the month as 2026-11.")]);
  });
});
