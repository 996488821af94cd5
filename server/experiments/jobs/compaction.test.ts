import fc from "fast-check";
import type { Sql, TransactionSql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../../db/factories.ts";
import { testDatabase } from "../../../db/testing.ts";
import { appendPoints } from "../commands/metric-store.ts";
import { readHistory } from "../queries/history.ts";
import { compactMetrics } from "./compaction.ts";

describe("compaction", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let newRun: () => Promise<string>;
  beforeAll(async () => {
    database = await testDatabase();
    const make = factories(database.db);
    const org = await make.org();
    const person = await make.user();
    newRun = async () => (await make.run(org.project, person.id)).id;
  });
  afterAll(() => database.close());

  const later = () => Date.now() + 60_000;
  const append = (runId: string, points: { step: number | bigint; time: number; value: number }[]) =>
    database.sql.begin((tx) => appendPoints(tx, [{ runId, attemptId: null, key: "m", steps: points.map(({ step }) => step), times: points.map(({ time }) => time), values: points.map(({ value }) => value) }]));
  const read = async (runId: string) => (await readHistory(database.sql, { runId, key: "m" }, 1_000_000, null)).points;
  const rows = async (runId: string) => (await database.sql<{ points: number | null; bytes: number }[]>`select points, octet_length(body)::int as bytes from metric_batches where run_id = ${runId} order by id`);

  const step = fc.oneof(fc.integer({ min: -100, max: 100 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  const point = fc.record({ step, time: fc.integer({ min: 0, max: 2_000_000_000_000 }), value: fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0)) });
  it("keeps every point bit for bit in the order in which they came, whatever came between two passes", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(point, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 }), fc.nat(8), async (batches, when) => {
      const runId = await newRun();
      for (const [at, batch] of batches.entries()) {
        await append(runId, batch);
        if (at === when) await compactMetrics(database.sql, later(), 0);
      }
      const canonical = (points: { step: number | bigint; time: number | bigint; value: number }[]) => points.map(({ step: s, time, value }) => `${s} ${time} ${Object.is(value, -0) ? "-0" : value}`).sort();
      const before = canonical(await read(runId));
      await compactMetrics(database.sql, later(), 0);
      expect(canonical(await read(runId))).toEqual(before);
      expect(before).toEqual(canonical(batches.flat()));
      if (batches.length > 1) expect(await rows(runId)).toHaveLength(1);
    }), { numRuns: 25 });
  });

  it("leaves young batches alone, and settled ones in few rows of less than four bytes a point", async () => {
    const runId = await newRun();
    let seed = 7;
    const dice = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    let time = 1_700_000_000_000;
    for (let batch = 0; batch < 40; batch += 1) {
      await append(runId, Array.from({ length: 1000 }, (_, at) => ({ step: batch * 1000 + at, time: (time += 240 + Math.round(dice() * 20)), value: Math.fround(0.1 + 2 * Math.exp(-(batch * 1000 + at) / 10_000) * (1 + 0.1 * (dice() - 0.5))) })));
    }
    const before = await read(runId);
    await compactMetrics(database.sql, Date.now());
    expect(await rows(runId)).toHaveLength(40);
    await compactMetrics(database.sql, later(), 0);
    const packed = await rows(runId);
    expect(packed.length).toBeLessThanOrEqual(3);
    expect(packed.reduce((sum, { bytes }) => sum + bytes, 0) / before.length).toBeLessThan(4);
    const after = await read(runId);
    expect(after.length).toBe(before.length);
    expect(after.findIndex((one, at) => JSON.stringify(one) !== JSON.stringify(before[at]))).toBe(-1);
    expect(await compactMetrics(database.sql, later(), 0)).toBe(0);
  });

  it("leaves a series that cannot be read as it is, and packs the others", async () => {
    const [broken, other] = [await newRun(), await newRun()];
    const few = Array.from({ length: 100 }, (_, step) => ({ step, time: step, value: step }));
    for (const runId of [broken, broken, other, other]) await append(runId, few);
    await database.sql`update metric_batches set body = ${Buffer.from([9])} where run_id = ${broken}`;
    await compactMetrics(database.sql, later(), 0);
    expect([(await rows(broken)).length, (await rows(other)).length]).toEqual([2, 1]);
    await database.sql`delete from metric_batches where run_id = ${broken}`;
  });

  it("takes no point from a history that is being read, nor gives one twice", async () => {
    const runId = await newRun();
    for (let step = 0; step < 120; step += 1) await append(runId, [{ step, time: step, value: step }]);
    let reads = 0;
    /** Packs the rows once the first of the reader's queries, which takes fifty of them, has its answer. */
    const meanwhile = <Query extends Sql | TransactionSql>(sql: Query): Query =>
      new Proxy(sql, {
        apply: (target, _this, args: Parameters<Sql>) => {
          const asked = (target as Sql)(...args);
          if (!args[0].raw || !args[0].join("").includes("order by metric_batches.min_step")) return asked;
          return asked.then(async (found) => {
            if ((reads += 1) === 1) await compactMetrics(database.sql, later(), 0);
            return found;
          });
        },
        get: (target, name) => (name === "begin" ? (options: string, use: (tx: TransactionSql) => unknown) => (target as Sql).begin(options, (tx) => use(meanwhile(tx))) : Reflect.get(target, name)),
      });
    const { points } = await readHistory(meanwhile(database.sql), { runId, key: "m" }, 1000, null);
    expect(reads).toBeGreaterThan(1);
    expect(await rows(runId)).toHaveLength(1);
    expect(points.map(({ value }) => value)).toEqual(Array.from({ length: 120 }, (_, at) => at));
  });

  it("outlines long batches in order, those too that came as large as a row may be, and looks at others once", async () => {
    const many = Array.from({ length: 10_000 }, (_, step) => ({ step, time: step * 5, value: step }));
    const [neat, mixed] = [await newRun(), await newRun()];
    await append(neat, many);
    await append(neat, many.slice(0, 100));
    await append(mixed, [...many].reverse());
    await compactMetrics(database.sql, later(), 0);
    const outlines = (runId: string) => database.sql`select octet_length(outline) > 0 as has, cell_steps::int as steps, cell_ms::int as ms from metric_batches where run_id = ${runId} order by id`;
    expect(await outlines(neat)).toMatchObject([{ has: true, steps: 255, ms: 1275 }, { has: null, steps: null, ms: null }]);
    expect(await outlines(mixed)).toMatchObject([{ has: false, steps: null, ms: null }]);
  });

  it("outlines what a worker of the release before packed, which went on beside this one and has looked at everything already", async () => {
    const [good, torn] = [await newRun(), await newRun()];
    for (const runId of [good, torn]) await append(runId, Array.from({ length: 10_000 }, (_, step) => ({ step, time: step, value: step })));
    await compactMetrics(database.sql, later(), 0);
    await database.sql`update metric_batches set outline = null, cell_steps = null, cell_ms = null where run_id in ${database.sql([good, torn])}`; // it knows none
    await database.sql`update metric_batches set body = 'x' where run_id = ${torn}`;
    await compactMetrics(database.sql, later(), 0);
    const has = async (runId: string) => (await database.sql<{ has: boolean | null }[]>`select octet_length(outline) > 0 as has from metric_batches where run_id = ${runId}`).map((row) => row.has);
    expect([await has(good), await has(torn)]).toEqual([[true], [false]]); // what cannot be read is looked at once
  });

  it("takes sixteen large neighbours together in a chapter, and parts chapters where a run began again and around what has no outline", async () => {
    const SIZE = 8192;
    const [plain, begun, mixed] = [await newRun(), await newRun(), await newRun()];
    const batch = async (runId: string, from: number, change: (value: number, at: number) => number = (value) => value) =>
      append(runId, Array.from({ length: SIZE }, (_, at) => ({ step: from + at, time: 1_700_000_000_000 + (from + at) * 3, value: change(Math.fround(Math.sin(from + at)), at) })));
    const chapters = async (runId: string) => (await database.sql<{ members: number; chapter: string | null }[]>`select count(*)::int as members, chapter from metric_batches where run_id = ${runId} group by chapter order by min(id)`).map(({ members, chapter }) => [members, chapter !== null]);
    for (let at = 0; at < 18; at += 1) await batch(plain, at * SIZE);
    for (let at = 0; at < 17; at += 1) await batch(begun, (at < 5 ? at : at - 3) * SIZE);
    for (let at = 0; at < 20; at += 1) await batch(mixed, at * SIZE, (value, place) => (at === 3 && place === 5 ? Number.NaN : value));
    await compactMetrics(database.sql, later(), 0);
    expect(await chapters(plain)).toEqual([[16, true], [2, false]]);
    expect(await chapters(begun)).toEqual([[5, true], [11, true], [1, false]]);
    expect(await chapters(mixed)).toEqual([[3, true], [1, false], [16, true]]);
    for (let at = 18; at < 32; at += 1) await batch(plain, at * SIZE);
    await compactMetrics(database.sql, later(), 0);
    expect(await chapters(plain)).toEqual([[16, true], [16, true]]);
    const [whole] = await database.sql`select min_step::int as from, max_step::int as to, cell_steps, starts[cardinality(starts)] - 1 = octet_length(outlines) as is_full from metric_chapters where run_id = ${plain} order by id limit 1`;
    expect(whole).toEqual({ from: 0, to: 16 * SIZE - 1, cell_steps: [255, 511, 1023, 2047, 4095, 8191, 16_383], is_full: true });
  });

  it("makes chapters of what a worker of the release before packed, which has looked at everything already", async () => {
    const runId = await newRun();
    for (let at = 0; at < 16; at += 1) await append(runId, Array.from({ length: 8192 }, (_, place) => ({ step: at * 8192 + place, time: at * 8192 + place, value: place })));
    await compactMetrics(database.sql, later(), 0);
    await database.sql`update metric_batches set chapter = null where run_id = ${runId}`; // it knows none
    await database.sql`delete from metric_chapters where run_id = ${runId}`;
    await database.sql`update metric_compaction set chaptered = ''`;
    await compactMetrics(database.sql, later(), 0);
    expect(await database.sql`select distinct chapter is not null as is_in from metric_batches where run_id = ${runId}`).toEqual([{ is_in: true }]);
  });
});
