import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

const MINUTE = 60_000;

test("an owner sets a price that begins in the past: the run, its project and the page of spend show what it cost", async ({ make, org, as }) => {
  const page = await as("owner");
  const owner = await make.member(org, "member");
  const cluster = await make.cluster(org, { name: "Oslo" });
  const node = await make.node(cluster, { name: "node-1" });
  const [startedAt, endedAt] = [new Date(Date.now() - 90 * MINUTE), new Date(Date.now() - 30 * MINUTE)];
  const run = await make.run(org.project, owner.id, { name: "metered", status: "succeeded", startedAt, endedAt, input: { resources: { cpus: 4 } } });
  const attempt = await make.attempt(run, cluster.id, { status: "ended", outcome: "succeeded", startedAt, endedAt, nodeNames: [node.name], drainedAt: endedAt });
  await make.metered(run, attempt.id, node, startedAt, endedAt);
  await page.goto(paths.costs(org.slug));
  await expect(page.getByText("Nothing has a price yet")).toBeVisible();
  await page.getByRole("link", { name: "Prices" }).last().click();
  await page.getByRole("button", { name: "Add a price" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a price" });
  await dialog.getByRole("combobox", { name: "Of" }).or(dialog.getByLabel("Of")).first().click();
  await page.getByRole("option", { name: "CPUs" }).click();
  await dialog.getByLabel("Price").fill("1,50");
  await dialog.getByLabel("Holds from").fill("2026-01-01");
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(dialog.getByText("Write it as plain digits")).toBeVisible();
  await dialog.getByLabel("Price").fill("1.50");
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(page.getByRole("row", { name: /CPUs.* 1\.5 USD/ })).toBeVisible();
  await page.getByRole("link", { name: "Spend", exact: true }).click();
  await expect(page.getByRole("row", { name: /^metered.*\$6\.00/ })).toBeVisible({ timeout: 30_000 }); // four cores for an hour
  await expect(page.getByRole("row", { name: new RegExp(`^${org.project.name}.*\\$6\\.00`) })).toBeVisible();
  await page.getByRole("link", { name: "metered" }).click();
  await expect(page.getByRole("heading", { name: "metered" })).toBeVisible();
  await expect(page.getByText("$6.00")).toBeVisible();
});

test("a viewer sees what was spent and the prices, and reads why no price can be added", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.costs(world.org.slug));
  await expect(page.getByText(/Data complete to/)).toBeVisible();
  await page.goto(paths.prices(world.org.slug));
  await expect(page.getByRole("row", { name: /CPUs.* 0\.048 USD/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Add a price" })).toHaveAttribute("data-disabled");
});
