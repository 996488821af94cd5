import { paths } from "../paths.ts";
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
