import type { Factories } from "../db/factories.ts";

/** A run of four cores that ended between two moments, metered on a cluster of its own. */
export async function meteredRun(make: Factories, org: Awaited<ReturnType<Factories["org"]>>, startedAt: Date, endedAt: Date, outcome: "succeeded" | "failed" = "succeeded", on = "Oslo") {
  const owner = await make.member(org, "member");
  const cluster = await make.cluster(org, { name: on });
  const node = await make.node(cluster, { name: "node-1" });
  const run = await make.run(org.project, owner.id, { name: "metered", status: outcome, startedAt, endedAt, input: { resources: { cpus: 4 } } });
  const attempt = await make.attempt(run, cluster.id, { status: "ended", outcome, startedAt, endedAt, nodeNames: [node.name], drainedAt: endedAt });
  await make.metered(run, attempt.id, node, startedAt, endedAt);
  return { run, attempt, node };
}
