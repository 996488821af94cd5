import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decimal, decimalText, multiply, trimmed } from "../../domain/costs/decimal.ts";
import { buildApp } from "../app.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let token: string;
beforeAll(async () => {
  world = await meteredWorld();
  token = (await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] })).token;
});
afterAll(() => world.close());

const plain = (amount: string) => decimalText(trimmed(decimal(amount)));
const times = (amount: string, factor: string) => plain(decimalText(multiply(decimal(amount), decimal(factor))));
const HEAD = "kind,cluster,model,class,valid_from,unit_price,currency,note";
const bring = (csv: string, apply = true) => world.owner.api.costs.importPrices({ csv, apply });
const exported = async () => (await buildApp().request("/api/costs/prices?format=csv", { headers: { authorization: `Bearer ${token}` } })).text();
const lines = async () => (await world.owner.api.costs.prices()).lines.length;

describe("a price book as a file", () => {
  it("comes back as it went out without adding anything, and changed adds only what was changed, under one version", async () => {
    const first = await bring([HEAD, "accelerator,berlin,h100,owned,2026-01-01,2.40,,Contract", 'accelerator,,a100,,2026-02-01T12:00:00+02:00,1.1,usd,"words, with a comma"', "memory,,,,2026-01-01,0.0062,,"].join("\n"));
    expect(first).toMatchObject({ fresh: 3, present: 0, version: expect.any(Number) });
    const out = await exported();
    expect(out.split("\r\n")[0]).toBe(HEAD);
    expect(out).toContain("accelerator,berlin,h100,owned,2026-01-01T00:00:00.000Z,2.4,USD,Contract");
    expect(await bring(out)).toEqual({ fresh: 0, present: 4, version: null });
    const changed = out.replace(",2.4,USD,Contract", ",2.5,USD,Contract").replace("memory,,,,2026-01-01T00:00:00.000Z,0.0062,USD,", "memory,,,,2026-01-01T00:00:00.000Z,,,");
    expect(await bring(changed, false)).toEqual({ fresh: 2, present: 2, version: null });
    expect(await lines()).toBe(4);
    expect(await bring(changed)).toMatchObject({ fresh: 2, version: first.version! + 1 });
    expect(await bring(changed)).toEqual({ fresh: 0, present: 4, version: null });
    expect(await bring(await exported())).toEqual({ fresh: 0, present: 6, version: null }); // what was replaced does not come back
    const audited = await world.sql`select 1 from audit_log where action = 'price.add'`;
    expect(audited).toHaveLength(6);
  });

  it("keeps notes that a spreadsheet would take for formulas as they were", async () => {
    await bring([HEAD, "accelerator,berlin,l40,,2026-01-01,1,,-10 % for a year"].join("\n"));
    const out = await exported();
    expect(out).toContain(",'-10 % for a year");
    await bring(out.replace(",1,USD,'-10 %", ",2,USD,'-10 %"));
    const { lines: book } = await world.owner.api.costs.prices();
    expect(book.filter(({ model }) => model === "l40").map(({ unitPrice, note }) => [unitPrice, note])).toEqual([["2", "-10 % for a year"], ["1", "-10 % for a year"]]);
  });

  it("is taken whole or not at all, and every bad line is named with its column", async () => {
    const before = await lines();
    const bad = bring([HEAD, "cpu,,,,2026-03-01,1,,", "gpu,,,,2026-03-01,1,,", "cpu,nowhere,,,2026-03-01,1,,", "cpu,,,cheap,2026-03-01,1,,", "cpu,,,,March,1,,", "cpu,,,,2026-03-01,1e3,,", "cpu,,h100,,2026-03-01,1,,", "cpu,,,,2026-03-01,1,euro,", "cpu,,,,2026-03-01,1,CHF,"].join("\n"));
    await expect(bad).rejects.toMatchObject({ cause: { issues: [
      { field: "line 3, kind", message: "Expected one of accelerator, cpu, memory, storage, request, token." },
      { field: "line 4, cluster", message: "There is no cluster nowhere." },
      { field: "line 5, class", message: "Expected on-demand, spot, reserved, owned, or nothing." },
      { field: "line 6, valid_from", message: expect.stringContaining("Expected a day") },
      { field: "line 7, unit_price", message: expect.stringContaining("plain digits") },
      { field: "line 8, model", message: "Only accelerators and what is served have models." },
      { field: "line 9, currency", message: "Use three capitals, such as EUR." },
      { field: "line 10, currency", message: "There is no rate of CHF that holds on 1 Mar 2026. Add one first." },
    ] } });
    for (const [csv, words] of [["kind,price\ncpu,1", "There is no column price"], ["kind,valid_from\ncpu,2026-01-01", "The column unit_price is missing"], [HEAD, "no lines below its head"], [`${HEAD}\ncpu,"open`, "Not a CSV file"], [[HEAD, ...Array.from({ length: 501 }, () => "cpu,,,,2026-03-01,1,,")].join("\n"), "at most 500"]] as const) await expect(bring(csv)).rejects.toThrow(words);
    expect(await lines()).toBe(before);
  });

  it("rates what was metered since anew, as a price that was typed in does", async () => {
    await world.ran(world.vision.id, world.start, 3_600_000);
    await world.book();
    const before = (await world.owner.api.costs.period({ period: world.last })).amount;
    await bring([HEAD, "cpu,,,,2020-06-01,2,,dearer"].join("\n"));
    await world.book();
    const after = (await world.owner.api.costs.period({ period: world.last })).amount;
    expect(Number(after)).toBeCloseTo(2 * Number(before), 6);
  });

  it("is brought back by those who set prices only", async () => {
    const viewer = await world.makeUser(world.org.id, world.org.slug, "Vera", [["viewer", "org", world.org.id]]);
    await expect(viewer.api.costs.importPrices({ csv: HEAD, apply: false })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("a price in another currency", () => {
  const amount = async () => plain((await world.owner.api.costs.period({ period: world.last })).amount);
  const standing = () => world.sql<{ rate: string | null; price: string }[]>`select x.rate::float8::text as rate, e.unit_price::float8::text as price from ledger_entries e left join exchange_rates x on x.id = e.rate_id where e.line > 0 and e.kind = 'cpu' group by e.hour, e.price_id, e.rate_id, x.rate, e.unit_price having sum(e.quantity) <> 0 order by 2`;

  it("needs a rate that holds when it begins, and is rated by the rate of each hour's day; a rate in the past works as such a price does", async () => {
    const before = await amount();
    const [day] = new Date(world.start).toISOString().split("T");
    const price = { kind: "cpu" as const, unitPrice: "10", currency: "EUR", validFrom: "2021-01-01T00:00:00Z" };
    await expect(world.owner.api.costs.addPrice(price)).rejects.toThrow("There is no rate of EUR that holds on 1 Jan 2021. Add one first.");
    await expect(world.owner.api.costs.addRate({ currency: "USD", validFrom: "2021-01-01", rate: "1" })).rejects.toThrow("own currency");
    for (const rate of ["0", "0.000", "-1", "1e3", "1,1"]) await expect(world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2021-01-01", rate }), rate).rejects.toThrow();
    await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2021-01-01", rate: "0.4" });
    const { version } = await world.owner.api.costs.addPrice(price);
    await world.book();
    expect(await amount()).toBe(times(before, "2")); // 10 EUR at 0.4 is 4 where 2 was
    await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2030-01-01", rate: "9" }); // of a day to come
    await world.book();
    expect(await amount()).toBe(times(before, "2"));
    const second = await world.owner.api.costs.addRate({ currency: "EUR", validFrom: day!, rate: "0.6" });
    expect(second.version).toBe(version + 2);
    await world.book();
    expect(await amount()).toBe(times(before, "3"));
    expect(new Set((await standing()).map(({ rate, price: unit }) => `${rate} ${unit}`))).toEqual(new Set(["0.6 6"]));
    await expect(world.asOwner("update exchange_rates set rate = 1")).rejects.toThrow("only grows");
    expect(await world.sql`select 1 from audit_log where action = 'price.rate'`).toHaveLength(3);
  });

  it("is never larger than the ledger can book, and keeps the organization's own currency what it is", async () => {
    await expect(world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2031-01-01", rate: "999999999" }).then(() => world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "1001", currency: "EUR", validFrom: "2031-01-01T00:00:00Z" }))).rejects.toThrow("twelve digits");
    const { addPrice, addRate } = world.owner.api.costs;
    const memory = (day: string, unitPrice: string) => addPrice({ kind: "memory", unitPrice, currency: "CHF", validFrom: `${day}T00:00:00Z` });
    const steep = () => addRate({ currency: "CHF", validFrom: "2031-06-01", rate: "999999999" });
    await addRate({ currency: "CHF", validFrom: "2030-01-01", rate: "1" });
    await memory("2031-01-01", "5000");
    await expect(steep()).rejects.toThrow("twelve digits");
    await memory("2031-01-01", "1"); // a mistyped price that was replaced is in no rate's way, nor is one that ended before it
    await memory("2030-06-01", "5000");
    await steep();
    await expect(memory("2032-01-01", "5000")).rejects.toThrow("twelve digits");
    await expect(world.owner.api.costs.setCurrency({ currency: "EUR" })).rejects.toThrow("can no longer be changed");
  });

  it("is not renamed by a change of currency that comes while the organization's first rate is added", async () => {
    const org = await world.makeOrg("early");
    const { api } = await world.makeUser(org.id, org.slug, "Early Owner", [["owner", "org", org.id]]);
    let changed: Promise<unknown> = Promise.resolve();
    await world.sql.begin(async (tx) => {
      await tx`insert into cost_settings (org_id) values (${org.id})`;
      await tx`insert into exchange_rates (id, org_id, version, currency, valid_from, rate, created_by) values ('exr_early', ${org.id}, 1, 'EUR', '2021-01-01', 1, 'Early Owner')`; // as addRate does
      changed = api.costs.setCurrency({ currency: "EUR" }).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    expect(await changed).toMatchObject({ message: expect.stringContaining("can no longer be changed") });
    expect([...await world.sql`select currency from cost_settings where org_id = ${org.id}`]).toEqual([{ currency: "USD" }]);
  });

  it("goes out and comes back with its currency", async () => {
    const out = await exported();
    expect(out).toContain("cpu,,,,2021-01-01T00:00:00.000Z,10,EUR,");
    expect(await bring(out, false)).toMatchObject({ fresh: 0 });
    expect(await bring(out.replace("Z,10,EUR,", "Z,10,,"), false)).toMatchObject({ fresh: 1 });
  });
});
