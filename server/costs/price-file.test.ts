import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildApp } from "../app.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let token: string;
beforeAll(async () => {
  world = await meteredWorld();
  token = (await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] })).token;
});
afterAll(() => world.close());

const HEAD = "kind,cluster,model,class,valid_from,unit_price,note";
const bring = (csv: string, apply = true) => world.owner.api.costs.importPrices({ csv, apply });
const exported = async () => (await buildApp().request("/api/costs/prices?format=csv", { headers: { authorization: `Bearer ${token}` } })).text();
const lines = async () => (await world.owner.api.costs.prices()).lines.length;

describe("a price book as a file", () => {
  it("comes back as it went out without adding anything, and changed adds only what was changed, under one version", async () => {
    const first = await bring([HEAD, "accelerator,berlin,h100,owned,2026-01-01,2.40,Contract", 'accelerator,,a100,,2026-02-01T12:00:00+02:00,1.1,"words, with a comma"', "memory,,,,2026-01-01,0.0062,"].join("\n"));
    expect(first).toMatchObject({ fresh: 3, present: 0, version: expect.any(Number) });
    const out = await exported();
    expect(out.split("\r\n")[0]).toBe(HEAD);
    expect(out).toContain("accelerator,berlin,h100,owned,2026-01-01T00:00:00.000Z,2.4,Contract");
    expect(await bring(out)).toEqual({ fresh: 0, present: 4, version: null });
    const changed = out.replace(",2.4,Contract", ",2.5,Contract").replace("memory,,,,2026-01-01T00:00:00.000Z,0.0062,", "memory,,,,2026-01-01T00:00:00.000Z,,");
    expect(await bring(changed, false)).toEqual({ fresh: 2, present: 2, version: null });
    expect(await lines()).toBe(4);
    expect(await bring(changed)).toMatchObject({ fresh: 2, version: first.version! + 1 });
    expect(await bring(changed)).toEqual({ fresh: 0, present: 6 - 2, version: null });
    const audited = await world.sql`select 1 from audit_log where action = 'price.add'`;
    expect(audited).toHaveLength(6);
  });

  it("is taken whole or not at all, and every bad line is named with its column", async () => {
    const before = await lines();
    const bad = bring([HEAD, "cpu,,,,2026-03-01,1,", "gpu,,,,2026-03-01,1,", "cpu,nowhere,,,2026-03-01,1,", "cpu,,,cheap,2026-03-01,1,", "cpu,,,,March,1,", "cpu,,,,2026-03-01,1e3,", "cpu,,h100,,2026-03-01,1,"].join("\n"));
    await expect(bad).rejects.toMatchObject({ cause: { issues: [
      { field: "line 3, kind", message: "Expected accelerator, cpu or memory." },
      { field: "line 4, cluster", message: "There is no cluster nowhere." },
      { field: "line 5, class", message: "Expected on-demand, spot, reserved, owned, or nothing." },
      { field: "line 6, valid_from", message: expect.stringContaining("Expected a day") },
      { field: "line 7, unit_price", message: expect.stringContaining("plain digits") },
      { field: "line 8, model", message: "Only accelerators have models." },
    ] } });
    for (const [csv, words] of [["kind,price\ncpu,1", "There is no column price"], ["kind,valid_from\ncpu,2026-01-01", "The column unit_price is missing"], [HEAD, "no lines below its head"], [`${HEAD}\ncpu,"open`, "Not a CSV file"], [[HEAD, ...Array.from({ length: 501 }, () => "cpu,,,,2026-03-01,1,")].join("\n"), "at most 500"]] as const) await expect(bring(csv)).rejects.toThrow(words);
    expect(await lines()).toBe(before);
  });

  it("rates what was metered since anew, as a price that was typed in does", async () => {
    await world.ran(world.vision.id, world.start, 3_600_000);
    await world.book();
    const before = (await world.owner.api.costs.period({ period: world.last })).amount;
    await bring([HEAD, "cpu,,,,2020-06-01,2,dearer"].join("\n"));
    await world.book();
    const after = (await world.owner.api.costs.period({ period: world.last })).amount;
    expect(Number(after)).toBeCloseTo(2 * Number(before), 6);
  });

  it("is brought back by those who set prices only", async () => {
    const viewer = await world.makeUser(world.org.id, world.org.slug, "Vera", [["viewer", "org", world.org.id]]);
    await expect(viewer.api.costs.importPrices({ csv: HEAD, apply: false })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
