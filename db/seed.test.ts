import { afterAll, beforeAll, expect, it } from "vitest";
import { seed } from "./seed.ts";
import { testDatabase } from "./testing.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it("fills an empty database with one organization whose history ends at the moment given", async () => {
  const { slug } = await seed(database.db, { now: NOW, runs: 300 });
  expect(slug).toBe("northwind");
  const [row] = await database.sql<{ runs: number; latest: Date; open: number }[]>`select count(*)::int as runs, max(created_at) as latest, count(*) filter (where ended_at is null)::int as open from runs`;
  expect(row).toMatchObject({ runs: 300, open: 0 });
  expect(row!.latest.getTime()).toBeLessThan(NOW);
  const [costs] = await database.sql<{ meters: number; last: Date; capacity: number; clocks: number; prices: number }[]>`
    select (select count(*)::int from usage_meters) as meters, (select max(until_at) from usage_intervals) as last, (select count(*)::int from capacity_intervals) as capacity,
      (select count(*)::int from cost_clocks where complete_to = ${new Date(NOW - 90 * 86_400_000)}) as clocks, (select count(*)::int from price_lines) as prices`;
  expect(costs).toMatchObject({ meters: 300, capacity: 600, clocks: 3, prices: 6 });
  expect(costs!.last.getTime()).toBeLessThan(NOW);
});

it("gives the runs of one project ten metrics each, some of which go astray, and all runs their parameters", async () => {
  const kinds = await database.sql<{ slug: string; metrics: number }[]>`
    select distinct p.slug, count(*)::int as metrics from metric_summaries s join runs r on r.id = s.run_id join projects p on p.id = r.project_id group by p.slug, r.id`;
  expect(Object.fromEntries(kinds.map(({ slug, metrics }) => [slug, metrics]))).toEqual({ detector: 2, segmentation: 2, "base-models": 10, alignment: 2, recognition: 2 });
  const [found] = await database.sql<{ lost: number; others: number; params: number }[]>`
    select count(*) filter (where last = 'NaN' and p.value = '0.003')::int as lost, count(*) filter (where last = 'NaN' and p.value <> '0.003')::int as others, (select count(*)::int from run_params) as params
    from metric_summaries s join run_params p on p.run_id = s.run_id and p.key = 'learning_rate' where s.key = 'loss'`;
  expect(found).toMatchObject({ others: 0, params: 900 });
  expect(found!.lost).toBeGreaterThan(0);
});

it("refuses a database that holds an organization", async () => {
  await expect(seed(database.db, { now: NOW, runs: 1 })).rejects.toThrow("already holds the organization Northwind Research");
});
