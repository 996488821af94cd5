import { busyCluster } from "./busy-cluster.ts";
import { expect, test } from "./fixtures.ts";
import { describeRun, openNewRun } from "./new-run.ts";

test("the plan says before the submit that a run fits now, waits for what ends, or never can, as one types", async ({ make, org, as }) => {
  await busyCluster(make, org, { name: "Alpha", gpus: 2, held: 2, maxDuration: "2h" });
  await busyCluster(make, org, { name: "Beta", gpus: 0, held: 0 });
  const page = await as("owner");
  await openNewRun(page, org.slug);
  await describeRun(page, "planned", "true");
  const plan = page.getByRole("region", { name: "Plan" });
  const clusters = plan.getByRole("list", { name: "Clusters" }).getByRole("listitem");
  await expect(plan).toContainText("Starts now");
  await expect(plan).toContainText("Fits now on ");
  for (const name of ["Alpha", "Beta"]) await expect(clusters.filter({ hasText: name })).toContainText("It fits now.");

  const gpus = page.getByRole("textbox", { name: "GPUs per node" });
  await gpus.fill("1");
  await expect(plan).toContainText("Waits for Alpha. Asked for 1 GPU per node; alpha-1 has less free.");
  await expect(plan).toContainText(/May start .*: on-alpha-1 ends by then, at its maximum duration\./);
  await expect(clusters.filter({ hasText: "Beta" })).toContainText("Asked for 1 GPU per node; beta-1 has 0.");

  await gpus.fill("3");
  await expect(plan).toContainText("Cannot run");
  await expect(plan).toContainText("Cannot run on Alpha. Asked for 3 GPUs per node; alpha-1 has 2.");
  await expect(plan).not.toContainText("May start");
});

test("what only a launcher knows is asked with it, and refused by name under another", async ({ make, org, as }) => {
  await busyCluster(make, org, { name: "Alpha", gpus: 0, held: 0 });
  const page = await as("owner");
  await openNewRun(page, org.slug);
  await describeRun(page, "launched", "python train.py");
  const launcher = page.getByRole("combobox", { name: "Launcher" }).or(page.getByLabel("Launcher")).first();
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(page.getByRole("textbox", { name: "Processes per node" })).toBeHidden();
  await launcher.click();
  await page.getByRole("option", { name: "torchrun" }).click();
  await page.getByRole("textbox", { name: "Processes per node" }).fill("4");
  await page.getByRole("textbox", { name: "Restarts of workers" }).fill("2");
  await page.getByRole("textbox", { name: "Nodes", exact: true }).fill("4");
  await page.getByRole("textbox", { name: "Nodes at least" }).fill("1");
  for (const line of ["processesPerNode: 4", "workerRestarts: 2", "minNodes: 1"]) await expect(page.locator(".cm-content")).toContainText(line);
  await expect(plan).toContainText(/Fits now on .*, with 1 of at most 4 nodes\./);
  await launcher.click();
  await page.getByRole("option", { name: "None" }).click();
  await expect(plan).toContainText("Only torchrun starts on fewer nodes than it may have; the launcher is none.");
  await page.getByRole("textbox", { name: "Nodes", exact: true }).fill("1");
  await page.getByRole("textbox", { name: "Nodes at least" }).clear();
  await expect(page.getByRole("textbox", { name: "Nodes at least" })).toBeHidden();
  await expect(plan).toContainText("Without a launcher there is one process per node.");
});
