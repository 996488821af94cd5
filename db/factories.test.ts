import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Factories, factories } from "./factories.ts";
import { metricSummaries, runs } from "./schema/experiments.ts";
import { testDatabase } from "./testing.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
let make: Factories;
beforeAll(async () => {
  database = await testDatabase();
  make = factories(database.db);
});
afterAll(() => database.close());

it("makes a finished run with its cluster, metrics, log and artifact from nothing but what is said", async () => {
  const org = await make.org();
  const owner = await make.member(org, "owner");
  const cluster = await make.cluster(org);
  await make.node(cluster, { gpus: 2 });
  const run = await make.run(org.project, owner.id, { name: "a run", status: "succeeded", endedAt: new Date(), input: { resources: { gpus: 1 } } });
  const attempt = await make.attempt(run, cluster.id, { status: "ended", outcome: "succeeded" });
  await make.metrics(run.id, attempt.id, "loss", [{ step: 1, at: 1000, value: 0.5 }, { step: 2, at: 2000, value: Number.NaN }]);
  await make.log(attempt.id, "one\ntwo\n");
  await make.artifact(run, attempt.id, "out/metrics.json", Buffer.from("{}"), "application/json");
  const [stored] = await database.db.select().from(runs).where(eq(runs.id, run.id));
  expect(stored).toMatchObject({ clusterId: cluster.id, attemptCount: 1, gpus: 1, status: "succeeded" });
  const [summary] = await database.db.select().from(metricSummaries).where(eq(metricSummaries.runId, run.id));
  expect(summary).toMatchObject({ count: 2, min: 0.5, max: 0.5, last: Number.NaN, lastStep: 2 });
});

it("gives two organizations made alike different names, so that tests can share a database", async () => {
  const [one, other] = [await make.org(), await make.org()];
  expect(one.slug).not.toBe(other.slug);
});
