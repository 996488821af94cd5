import fc from "fast-check";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INDEXED_VALUE, metricSummaries, runs, runParams, runTags } from "../../../../db/schema/experiments.ts";
import { factories } from "../../../../db/factories.ts";
import { testDatabase } from "../../../../db/testing.ts";
import { type Filter, isGroup, type Order } from "../../../../domain/experiments/filter/ast.ts";
import { parseFilter } from "../../../../domain/experiments/filter/parse.ts";
import { printFilter } from "../../../../domain/experiments/filter/print.ts";
import { START } from "../mlflow-runs.ts";
import { searchRuns } from "./search-runs.ts";

interface Known {
  id: string;
  experimentId: string;
  startedAt: number;
  status: "running" | "succeeded" | "failed";
  metrics: Record<string, number>;
  params: Record<string, string>;
  tags: Record<string, string>;
}

const STATUS_WORDS = { running: "RUNNING", succeeded: "FINISHED", failed: "FAILED" } as const;

/** What the grammar says, evaluated over plain objects: the oracle. */
function matches(run: Known, filter: Filter): boolean {
  if (isGroup(filter)) return filter.kind === "and" ? filter.items.every((item) => matches(run, item)) : filter.items.some((item) => matches(run, item));
  const value: string | number | undefined = filter.entity === "attributes" ? STATUS_WORDS[run.status] : run[filter.entity as "metrics" | "params" | "tags"][filter.key];
  if (filter.kind === "null") return (value === undefined) !== filter.not;
  if (value === undefined) return false;
  if (filter.kind === "like") return new RegExp(`^${filter.pattern.replaceAll("%", ".*")}$`, filter.caseless ? "i" : "").test(String(value));
  if (filter.kind === "in") return filter.values.includes(value) !== filter.not;
  const [left, right] = typeof filter.value === "number" ? [Number(value), filter.value] : [value, filter.value];
  return { "=": left === right, "!=": left !== right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right }[filter.op];
}

/** What counts as rare, of 120 runs: nothing, so that the order is walked; some conditions; all of them. */
const WAYS = [-1, 25, 1000];
const LONG = "x".repeat(INDEXED_VALUE); // and with a letter more, longer than what the index holds
const KEYS = ["a", "b", "c"];
const NUMBERS = [-1, 0, 0.5, 1, 2];
const TEXTS = ["x", "y", "Xy", "0.5", "2", "z", LONG, `${LONG}y`];

describe("searching runs", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let known: Known[];
  let experimentIds: string[];
  let projectId: string;

  beforeAll(async () => {
    database = await testDatabase();
    const make = factories(database.db);
    const org = await make.org();
    const person = await make.user();
    projectId = org.project.id;
    experimentIds = [(await make.experiment(org.project)).id, (await make.experiment(org.project)).id];
    known = [];
    for (let at = 0; at < 120; at += 1) {
      const pick = <T>(from: readonly T[], salt: number) => from[(at * 7 + salt * 13 + ((at * salt) % 5)) % from.length]!;
      const some = <T>(from: readonly T[], salt: number) => Object.fromEntries(KEYS.filter((_, place) => (at + place + salt) % 3 > 0).map((key, place) => [key, pick(from, salt + place)]));
      const one: Known = {
        id: "", experimentId: experimentIds[at % 2]!, startedAt: 1_700_000_000_000 + (at % 40) * 1000, status: pick(["running", "succeeded", "failed"] as const, 3),
        metrics: some<number>([...NUMBERS, Number.NaN], 1), params: some(TEXTS, 2), tags: some(TEXTS, 5),
      };
      const run = await make.run(org.project, person.id, { experimentId: one.experimentId, status: one.status, startedAt: new Date(one.startedAt) });
      one.id = run.id;
      known.push(one);
      const rows = <T>(values: Record<string, T>) => Object.entries(values).map(([key, value]) => ({ runId: run.id, key, value }));
      const zero = { count: 1, min: 0, max: 0, lastStep: 0, lastTime: 0, minStep: 0, maxStep: 0, minTime: 0, maxTime: 0 };
      for (const { key, value } of rows(one.metrics)) await database.db.insert(metricSummaries).values({ runId: run.id, key, experimentId: one.experimentId, last: value, ...zero });
      if (rows(one.params).length > 0) await database.db.insert(runParams).values(rows(one.params));
      if (rows(one.tags).length > 0) await database.db.insert(runTags).values(rows(one.tags));
    }
  });
  afterAll(() => database.close());

  const search = (filter: Filter | null, orders: Order[], limit: number, ids: string[] | null = experimentIds, token?: string, rare?: number) =>
    searchRuns(database.db, { within: eq(runs.projectId, projectId), experimentIds: ids, searchedIn: experimentIds, filter, orders, limit, token }, rare);

  const key = fc.constantFrom(...KEYS);
  const comparison: fc.Arbitrary<Filter> = fc.oneof(
    fc.tuple(key, fc.constantFrom("=" as const, "!=" as const, "<" as const, "<=" as const, ">" as const, ">=" as const), fc.constantFrom(...NUMBERS)).map(([name, op, value]) => ({ kind: "compare" as const, entity: "metrics" as const, key: name, op, value })),
    fc.tuple(fc.constantFrom("params" as const, "tags" as const), key, fc.constantFrom("=" as const, "!=" as const), fc.constantFrom(...TEXTS)).map(([entity, name, op, value]) => ({ kind: "compare" as const, entity, key: name, op, value })),
    fc.tuple(fc.constantFrom("params" as const, "tags" as const), key, fc.boolean(), fc.constantFrom("x%", "%y", "%", "X%")).map(([entity, name, caseless, pattern]) => ({ kind: "like" as const, entity, key: name, caseless, pattern })),
    fc.tuple(fc.constantFrom("params" as const, "tags" as const), key, fc.boolean(), fc.subarray(TEXTS, { minLength: 1 })).map(([entity, name, not, values]) => ({ kind: "in" as const, entity, key: name, not, values })),
    fc.tuple(fc.constantFrom("metrics" as const, "params" as const, "tags" as const), key, fc.boolean()).map(([entity, name, not]) => ({ kind: "null" as const, entity, key: name, not })),
    fc.tuple(fc.constantFrom("=" as const, "!=" as const), fc.constantFrom("RUNNING", "FINISHED", "FAILED")).map(([op, value]) => ({ kind: "compare" as const, entity: "attributes" as const, key: "status", op, value })),
  );
  const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof({ maxDepth: 3 }, comparison, fc.record({ kind: fc.constantFrom("and" as const, "or" as const), items: fc.array(tie("filter"), { minLength: 2, maxLength: 3 }) })),
  })).filter;

  it("finds what the grammar says, whatever the filter and the way", async () => {
    await fc.assert(fc.asyncProperty(filter, fc.constantFrom(...WAYS), async (one, rare) => {
      const { ids } = await search(parseFilter(printFilter(one)), [], 1000, experimentIds, undefined, rare);
      expect([...ids].sort()).toEqual(known.filter((run) => matches(run, one)).map(({ id }) => id).sort());
    }), { numRuns: 150 });
  });

  const order: fc.Arbitrary<Order> = fc.oneof(
    fc.record({ entity: fc.constantFrom("metrics" as const, "params" as const, "tags" as const), key, descending: fc.boolean() }),
    fc.record({ entity: fc.constant("attributes" as const), key: fc.constantFrom("start_time", "status", "end_time"), descending: fc.boolean() }),
  );
  const valueOf = (run: Known, { entity, key: name }: Order): string | number | null => {
    if (entity === "attributes") return name === "start_time" ? run.startedAt : name === "status" ? run.status : null;
    const value = run[entity as "metrics" | "params" | "tags"][name];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const compare = (orders: Order[]) => (a: Known, b: Known): number => {
    for (const one of [...orders, { entity: "attributes" as const, key: "start_time", descending: true }]) {
      const [left, right] = [valueOf(a, one), valueOf(b, one)];
      if (left === right) continue;
      if (left === null || right === null) return left === null ? 1 : -1;
      return (left < right ? -1 : 1) * (one.descending ? -1 : 1);
    }
    return a.id < b.id ? -1 : 1;
  };

  it("gives page after page every run once and in order, those without a value last", async () => {
    await fc.assert(fc.asyncProperty(fc.array(order, { maxLength: 3 }), fc.integer({ min: 23, max: 130 }), fc.boolean(), async (orders, limit, byExperiment) => {
      const found: string[] = [];
      let token: string | undefined;
      do {
        const page = await search(null, orders, limit, byExperiment ? experimentIds : null, token);
        found.push(...page.ids);
        token = page.next ?? undefined;
      } while (token && found.length <= known.length);
      expect(found).toEqual(known.toSorted(compare(orders)).map(({ id }) => id));
    }), { numRuns: 25 });
  });

  it("gives the same pages along the order and from a rare condition on, and from one way into the other", async () => {
    await fc.assert(fc.asyncProperty(filter, fc.array(order, { maxLength: 2 }), fc.integer({ min: 5, max: 60 }), fc.boolean(), fc.infiniteStream(fc.constantFrom(...WAYS)), async (one, orders, limit, byExperiment, ways) => {
      const found: string[] = [];
      let token: string | undefined;
      do {
        const page = await search(parseFilter(printFilter(one)), orders, limit, byExperiment ? experimentIds : null, token, ways.next().value);
        found.push(...page.ids);
        token = page.next ?? undefined;
      } while (token && found.length <= known.length);
      expect(found).toEqual(known.filter((run) => matches(run, one)).toSorted(compare(orders)).map(({ id }) => id));
    }), { numRuns: 100 });
  });

  it("begins a later page inside the index, for a tenant too", async () => {
    const orgId = (await database.db.select({ orgId: runs.orgId }).from(runs).limit(1))[0]!.orgId;
    const plan = await database.tenant(orgId).db.transaction(async (tx) => {
      await tx.execute(sql`set local enable_sort = off`); // so few runs would be sorted
      return tx.execute<{ "QUERY PLAN": string }>(sql`explain select 1 from ${runs} where ${runs.experimentId} = ${experimentIds[0]} and ${START} <= ${"2023-11-14T22:13:30Z"}::timestamptz order by ${START} desc limit 1`);
    });
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toMatch(/Index Cond: .*started_at.* <= /);
  });

  it("refuses a page token that no page gave", async () => {
    for (const token of ["x", Buffer.from("{}").toString("base64url")]) await expect(search(null, [], 10, experimentIds, token)).rejects.toMatchObject({ code: "invalid" });
  });

  it("compares numbers in parameters as numbers", async () => {
    const { ids } = await search(parseFilter("params.a < 1.5"), [], 1000);
    expect([...ids].sort()).toEqual(known.filter(({ params }) => params.a !== undefined && Number(params.a) < 1.5).map(({ id }) => id).sort());
    expect(ids.length).toBeGreaterThan(0);
  });
});
