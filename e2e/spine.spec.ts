import { expect, test } from "./fixtures.ts";
import { stackUnderTest } from "./stack.ts";

const OWNER = { name: "Ada Lovelace", email: "ada@example.test", password: "analytical engine 1843", organization: "Engine works" };

test.describe.configure({ mode: "serial" });

test("the printed link makes the first owner, once, and this machine becomes a cluster", async ({ page, browser }) => {
  const { setupLink } = stackUnderTest();
  await page.goto(setupLink);
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByLabel("Organization").fill(OWNER.organization);
  await page.getByRole("button", { name: /create/i }).click();
  await expect(page).toHaveURL(/\/engine-works$/);

  await page.goto("/engine-works/clusters");
  await expect(page.getByRole("link", { name: "This machine" })).toBeVisible({ timeout: 30_000 });

  const stranger = await browser.newContext();
  const second = await stranger.newPage();
  await second.goto(setupLink);
  await expect(second.getByRole("button", { name: /create/i })).toHaveCount(0);
  await stranger.close();
});
