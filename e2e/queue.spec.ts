import { paths } from "../paths.ts";
import { busyCluster } from "./busy-cluster.ts";
import { expect, test } from "./fixtures.ts";

test("an owner holds, reorders and releases a waiting run, and it shows in its timeline", async ({ make, org, as }) => {
  const owner = await make.member(org, "owner");
  const first = await make.run(org.project, owner.id, { name: "first-in-line", input: { resources: { gpus: 8 } } });
  await make.run(org.project, owner.id, { name: "second-in-line", input: { resources: { gpus: 8 } } });
  const page = await as("owner");
  await page.goto(paths.queue(org.slug));
  const rows = page.getByRole("table", { name: "Waiting runs" }).getByRole("row");
  await expect(rows.nth(1)).toContainText("first-in-line");
  await rows.nth(2).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Priority" }).click();
  await page.getByRole("dialog").getByLabel("Priority").fill("90");
  await page.getByRole("button", { name: "Set priority" }).click();
  await expect(rows.nth(1)).toContainText("second-in-line");
  await rows.nth(2).getByRole("checkbox").check();
  await page.getByRole("toolbar").getByRole("button", { name: "Hold" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("not before the demo");
  await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
  await expect(rows.filter({ hasText: "first-in-line" })).toContainText("not before the demo");
  await page.goto(paths.runTab(org.slug, first.id, "timeline"));
  await expect(page.getByText("not before the demo").first()).toBeVisible();
  await page.goto(paths.queue(org.slug));
  await rows.filter({ hasText: "first-in-line" }).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Release" }).click();
  await expect(rows.filter({ hasText: "first-in-line" })).not.toContainText("not before the demo");
});

test("an owner moves a waiting run to another cluster, is told where it cannot go, and it shows in its timeline", async ({ make, org, as }) => {
  const alpha = await busyCluster(make, org, { name: "Alpha", gpus: 8, held: 4 });
  await busyCluster(make, org, { name: "Beta", gpus: 8, held: 6 });
  await make.cluster(org, { name: "Gamma", seenAt: new Date(Date.now() + 3_600_000), capabilities: { ...alpha.capabilities!, launchers: ["none"] } });
  const owner = await make.member(org, "owner");
  const run = await make.run(org.project, owner.id, { name: "bound-to-alpha", input: { cluster: alpha.slug, launcher: "torchrun", resources: { gpus: 8 } } });
  const page = await as("owner");
  await page.goto(paths.queue(org.slug));
  const row = page.getByRole("table", { name: "Waiting runs" }).getByRole("row").filter({ hasText: "bound-to-alpha" });
  await expect(row).toContainText("the largest free block is 4 on alpha-1");
  const move = async (to: string) => {
    await expect(async () => { // a click before the page is taken over checks nothing
      await row.getByRole("checkbox").check();
      await page.getByRole("toolbar").getByRole("button", { name: "Move" }).click({ timeout: 2000 });
    }).toPass();
    const dialog = page.getByRole("dialog", { name: "Move 1 run" });
    await dialog.getByRole("combobox", { name: "Cluster" }).or(dialog.getByLabel("Cluster")).first().click();
    await page.getByRole("option", { name: to }).click();
    await dialog.getByRole("button", { name: "Move" }).click();
    return dialog;
  };
  const dialog = await move("Gamma");
  await expect(page.getByText(/cannot launch with torchrun/).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(row).toContainText("4 on alpha-1");
  await expect(await move("Beta")).toBeHidden();
  await expect(row).toContainText("the largest free block is 2 on beta-1");
  await expect(await move("Any that fits")).toBeHidden();
  await expect(row).toContainText("the largest free block is 4 on alpha-1");
  await page.goto(paths.runTab(org.slug, run.id, "timeline"));
  for (const said of ["Moved to the cluster beta.", "May go to any cluster that fits."]) await expect(page.getByText(said).first()).toBeVisible();
});

test("a viewer sees the queue and its shares, and may change neither", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.queue(world.org.slug));
  await page.getByRole("row").filter({ hasText: "digits-waiting" }).getByRole("checkbox").check();
  await expect(page.getByRole("button", { name: "Hold" })).toBeDisabled();
  await page.goto(paths.queueTab(world.org.slug, "shares"));
  await expect(page.getByText("Backfill is on")).toBeVisible();
  await expect(page.getByRole("button", { name: "Set a quota" })).toBeDisabled();
});

test("an owner sets a quota, and everybody sees it", async ({ org, as }) => {
  const page = await as("owner");
  await page.goto(paths.queueTab(org.slug, "shares"));
  await page.getByRole("button", { name: "Set a quota" }).click();
  await page.getByRole("combobox", { name: "For" }).or(page.getByLabel("For")).first().click();
  await page.getByRole("option").first().click();
  await page.getByRole("dialog").getByLabel("Guaranteed").fill("4");
  await page.getByRole("button", { name: "Set quota" }).click();
  await expect(page.getByRole("table", { name: "Quotas" })).toContainText("no limit");
  const member = await as("member");
  await member.goto(paths.queueTab(org.slug, "shares"));
  await expect(member.getByRole("table", { name: "Quotas" }).getByRole("row").nth(1)).toContainText("4");
});

test("g q opens the queue", async ({ world, signIn }) => {
  const page = await signIn(world.owner.id);
  await page.goto(paths.overview(world.org.slug));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(async () => { // keys do nothing until the browser has taken the page over
    await page.keyboard.press("g");
    await page.keyboard.press("q");
    await expect(page).toHaveURL(new RegExp(`${paths.queue(world.org.slug)}$`), { timeout: 2000 });
  }).toPass();
});
