import type { Db } from "../db/client.ts";
import type { Factories } from "../db/factories.ts";
import { metricSummaries, runParams, runTags } from "../db/schema/experiments.ts";
import { insertAll } from "../db/seed/insert-all.ts";

const MINUTE = 60_000;
const AT = Date.UTC(2026, 0, 5);

/** A run as the table's tests expect it: what it is called, and what stands in its columns. */
export interface TableRun {
  id: string;
  name: string;
  status: "succeeded" | "failed";
  experiment: string;
  loss: number;
  lr: string;
  team: string;
}

/** Runs that ended, oldest first: two experiments, two rates, three teams, a loss that no two share. Every fourth failed. */
export async function makeTableRuns(db: Db, make: Factories, project: { id: string; orgId: string; slug: string }, ownerId: string, count: number): Promise<TableRun[]> {
  const experiments = [await make.experiment(project, { name: "Digits" }), await make.experiment(project, { name: "Letters" })];
  const made: TableRun[] = [];
  for (let at = 0; at < count; at += 1) {
    const experiment = experiments[at % 2]!;
    const run = { name: `sft-${String(at).padStart(3, "0")}`, status: at % 4 === 0 ? ("failed" as const) : ("succeeded" as const) };
    const { id } = await make.run(project, ownerId, { ...run, experimentId: experiment.id, priority: at % 5, startedAt: new Date(AT), endedAt: new Date(AT + (at + 1) * MINUTE) });
    made.push({ id, ...run, experiment: experiment.name, loss: ((at * 37) % count) / 100, lr: at % 2 === 0 ? "0.1" : "0.01", team: ["blue", "red", "green"][at % 3]! });
  }
  const experimentOf = (name: string) => experiments.find((one) => one.name === name)!.id;
  const steps = { count: 1, lastStep: 0, lastTime: AT, minStep: 0, maxStep: 0, minTime: AT, maxTime: AT };
  await insertAll(db, metricSummaries, made.map(({ id, experiment, loss }) => ({ runId: id, key: "loss", experimentId: experimentOf(experiment), min: loss, max: loss, last: loss, ...steps })));
  await insertAll(db, runParams, made.map(({ id, lr }) => ({ runId: id, key: "lr", value: lr })));
  await insertAll(db, runTags, made.map(({ id, team }) => ({ runId: id, key: "team", value: team })));
  return made;
}
