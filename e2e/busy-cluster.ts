import type { Factories } from "../db/factories.ts";
import { slugify } from "../domain/shared/id-format.ts";

const HOUR = 3_600_000;

/** A cluster of one node that no agent stands behind: it stays reachable, and so many of its GPUs held, for as long as a test takes. */
export async function busyCluster(make: Factories, org: Awaited<ReturnType<Factories["org"]>>, { name, gpus, held, maxDuration }: { name: string; gpus: number; held: number; maxDuration?: string }) {
  const cluster = await make.cluster(org, { name, seenAt: new Date(Date.now() + HOUR) });
  const node = await make.node(cluster, { name: `${slugify(name)}-1`, gpus });
  if (held === 0) return cluster;
  const owner = await make.member(org, "owner");
  const startedAt = new Date();
  const run = await make.run(org.project, owner.id, { name: `on-${node.name}`, status: "running", startedAt, input: { cluster: cluster.slug, resources: { gpus: held }, ...(maxDuration ? { maxDuration } : {}) } });
  await make.attempt(run, cluster.id, { status: "running", startedAt, nodeNames: [node.name], acceleratorIndexes: Array.from({ length: held }, (_, index) => index), leaseUntil: new Date(Date.now() + HOUR) });
  return cluster;
}
