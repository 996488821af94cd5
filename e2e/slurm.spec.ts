import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

const job = (id: string, user: string, gpus: number) => ({
  id, name: `md-${id}`, user, account: "physics", partition: "gpu", qos: "normal", state: gpus > 0 ? ("running" as const) : ("waiting" as const), reason: gpus > 0 ? null : "Priority",
  nodes: gpus > 0 ? ["gpu01"] : [], nodeCount: 1, cpus: 16, memoryMib: 65_536, gpus, submittedAt: Date.now() - 7_200_000, startedAt: gpus > 0 ? Date.now() - 3_600_000 : null, limitSeconds: 86_400,
});

test("a Slurm cluster shows its partitions and the jobs that people gave to it themselves", async ({ make, org, as }) => {
  const cluster = await make.cluster(org, { name: "Alps", driver: "slurm" });
  await make.node(cluster, { name: "gpu01", gpus: 8 });
  await make.scheduler(cluster, [job("4711", "grace", 4), job("4712", "alan", 0)]);
  const page = await as("owner");
  await page.goto(paths.cluster(org.slug, cluster.id));
  await page.getByRole("link", { name: "Scheduler" }).click();
  const jobs = page.getByRole("table", { name: "Jobs from outside Drover" });
  await expect(jobs.getByRole("row").filter({ hasText: "md-4711" })).toContainText("grace");
  await expect(jobs.getByRole("row").filter({ hasText: "md-4712" })).toContainText("Priority");
  await expect(page.getByRole("table", { name: "Partitions" })).toContainText("gpu");
});

test("a node says on which switches it hangs, and that it is reserved", async ({ make, org, as }) => {
  const cluster = await make.cluster(org, { name: "Alps", driver: "slurm" });
  await make.node(cluster, { name: "gpu01", gpus: 8, topology: ["spine", "leaf1"], reserved: true });
  const page = await as("viewer");
  await page.goto(paths.cluster(org.slug, cluster.id));
  const node = page.getByRole("list", { name: "Nodes" }).getByRole("listitem").filter({ hasText: "gpu01" }).first();
  await expect(node).toContainText("Reserved");
  await expect(node).toContainText("Network: spine › leaf1");
});

test("a cluster's switches are drawn with their nodes, and one that is pressed has the list to itself", async ({ make, org, as }) => {
  const cluster = await make.cluster(org, { name: "Alps", driver: "slurm" });
  for (const [name, leaf] of [["gpu01", "leaf1"], ["gpu02", "leaf1"], ["gpu03", "leaf2"], ["gpu04", "leaf2"]] as const) await make.node(cluster, { name, topology: ["spine", leaf] });
  await make.scheduler(cluster, [{ ...job("4711", "grace", 4), nodes: ["gpu03"] }]);
  const page = await as("viewer");
  await page.goto(paths.cluster(org.slug, cluster.id));
  const network = page.getByRole("region", { name: "Network" });
  await expect(network).toContainText("Largest free block: 2 nodes under leaf1.");
  const leaf = network.getByRole("list", { name: "Blocks under spine" }).getByRole("button", { name: "leaf2 1 of 2 free" });
  await leaf.click();
  const names = page.getByRole("list", { name: "Nodes" }).getByRole("button", { name: /^gpu/ });
  await expect(names).toHaveText(["gpu03", "gpu04"]);
  await expect(leaf).toHaveAttribute("aria-pressed", "true");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Under leaf2" }).click();
  await expect(names).toHaveCount(4);
});

test("a cluster without a scheduler has no such tab, and its address says how to get one", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.cluster(world.org.slug, world.cluster.id));
  await expect(page.getByRole("link", { name: "Telemetry", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Scheduler" })).toHaveCount(0);
  await page.goto(paths.clusterTab(world.org.slug, world.cluster.id, "scheduler"));
  await expect(page.locator("#content").getByText("No scheduler has been seen here")).toBeVisible(); // what is streamed is hidden beside it for a moment
});
