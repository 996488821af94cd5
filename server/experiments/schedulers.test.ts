import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterSchedulers, clusters } from "../../db/schema/clusters.ts";
import { specOf, testWorld, type TestWorld } from "./testing.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  const { id } = await world.makeCluster(world.org.id, "berlin", { cpus: 8 });
  await world.db.update(clusters).set({ driver: "slurm", capabilities: { driver: "slurm", maxNodes: 8, launchers: ["none"], git: true, checkpoint: true, overrides: ["partition", "account", "qos"], memoryLimit: "cgroup" } }).where(eq(clusters.id, id));
  const partition = { name: "short", isDefault: true, state: "UP", nodes: 1, cpus: 8, gpus: 0, maxSeconds: 3600, defaultSeconds: 600, preemption: null, allowed: "" };
  await world.db.insert(clusterSchedulers).values({ clusterId: id, orgId: world.org.id, report: { kind: "slurm", partitions: [partition], qos: [], accounts: [], reservations: [] }, jobs: [], jobCount: 0, seenAt: new Date() });
});
afterAll(() => world.close());

const submit = (spec: Parameters<typeof specOf>[0]) => world.owner.api.experiments.submit({ spec: specOf({ project: "vision", ...spec }) });

it("a run is refused by field where the scheduler of its only cluster has no such name, takes no such value, or gives no such time", async () => {
  await expect(submit({ overrides: { slurm: { partition: "long" } } })).rejects.toThrow("overrides.slurm.partition: Slurm has no partition long. It has: short.");
  await expect(submit({ overrides: { slurm: { partition: "$(reboot)" } } })).rejects.toThrow("overrides.slurm.partition: Use a name of letters");
  await expect(submit({ overrides: { slurm: { colour: "red" } } })).rejects.toThrow("does not know colour");
  await expect(submit({ maxDuration: "2h" })).rejects.toThrow("maxDuration: The partition short gives at most 1 h; asked for 2 h.");
  expect((await submit({ overrides: { slurm: { partition: "short", account: "any" } }, maxDuration: "1h" })).id).toMatch(/^run_/);
});

it("the plan says what ends a run that names no time, and of one that names too much that it can never run", async () => {
  const plan = (spec: Parameters<typeof specOf>[0]) => world.owner.api.experiments.plan({ spec: specOf({ project: "vision", cluster: "berlin", ...spec }) });
  expect(await plan({})).toMatchObject({ verdict: "now", end: "It names no maxDuration: Slurm ends it after 10 min, the default of the partition short, which gives at most 1 h." });
  expect(await plan({ maxDuration: "1h" })).toMatchObject({ verdict: "now", end: null });
  expect(await plan({ maxDuration: "2h" })).toMatchObject({ verdict: "never", clusters: [{ field: "maxDuration" }] });
});
