import { eq, sql } from "drizzle-orm";
import { connect } from "../db/client.ts";
import { factories } from "../db/factories.ts";
import { runs } from "../db/schema/experiments.ts";
import { parseFilter, parseOrder } from "../domain/experiments/filter/parse.ts";
import { searchRuns } from "../server/experiments/queries/search/search-runs.ts";
import { percentile, say } from "./figures.ts";
import { databaseUrlOf, withStack } from "./with-stack.ts";

// Searching many runs of one experiment with 20 metrics and 20 parameters each: filter, sort, page.

const RUNS = Number(process.env.DROVER_BENCH_RUNS ?? 100_000);
const READS = 20;

const ASKED: [what: string, filter: string, order: string][] = [
  ["newest", "", "start_time desc"],
  ["sort by a metric", "", "metrics.m3 desc"],
  ["filter and sort", "metrics.m1 > 0.9 and params.p2 = 'v7'", "metrics.m3 desc"],
  ["two metrics and a text", "metrics.m1 > 0.99 and metrics.m2 < 0.5 and params.p4 like 'v1%'", "start_time desc"],
];

await withStack(async (stack) => {
  const direct = connect(databaseUrlOf(stack), { max: 2, rawMax: 1 });
  try {
    const make = factories(direct.db);
    const org = await make.org();
    const person = await make.user();
    const { id: experimentId } = await make.experiment(org.project);
    await direct.db.execute(sql`
      insert into runs (id, org_id, project_id, experiment_id, name, origin, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes, started_at)
      select 'run_' || lpad(n::text, 10, '0'), ${org.id}, ${org.project.id}, ${experimentId}, 'run ' || n, 'client', 'succeeded', 0, 'user', ${person.id}, 0, 0, 0, 0, now() - make_interval(secs => n) from generate_series(1, ${RUNS}) n`);
    await direct.db.execute(sql`
      insert into metric_summaries (run_id, key, experiment_id, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
      select 'run_' || lpad(n::text, 10, '0'), 'm' || k, ${experimentId}, 1, 0, 1, random(), 0, 0, 0, 0, 0, 0 from generate_series(1, ${RUNS}) n, generate_series(1, 20) k`);
    await direct.db.execute(sql`insert into run_params (run_id, key, value) select 'run_' || lpad(n::text, 10, '0'), 'p' || k, 'v' || (n * k % 50) from generate_series(1, ${RUNS}) n, generate_series(1, 20) k`);
    for (const table of ["runs", "metric_summaries", "run_params"]) await stack.sql.unsafe(`vacuum analyze ${table}`);
    for (const [what, filter, order] of ASKED) {
      const times: number[] = [];
      let token: string | undefined;
      for (let at = 0; at < READS; at += 1) {
        const begun = performance.now();
        const { next } = await searchRuns(direct.tenant(org.id).db, { within: eq(runs.projectId, org.project.id), experimentIds: [experimentId], filter: parseFilter(filter), orders: [parseOrder(order)], limit: 50, token });
        times.push(performance.now() - begun);
        token = next ?? undefined; // page after page
      }
      say(`search of ${RUNS.toLocaleString("en")} runs, ${what}, a page of 50, p50`, percentile(times, 0.5), "ms");
      say(`search of ${RUNS.toLocaleString("en")} runs, ${what}, a page of 50, p99`, percentile(times, 0.99), "ms");
    }
  } finally {
    await direct.close();
  }
});
