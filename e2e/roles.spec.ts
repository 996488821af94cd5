import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

test("a viewer sees what could be done, disabled, with the reason", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.run(world.org.slug, world.failed.id));
  const retry = page.getByRole("button", { name: /retry/i });
  await expect(retry).toBeDisabled();
  await retry.hover({ force: true });
  await expect(page.getByRole("tooltip")).toBeVisible();
});

test("a viewer does not find the audit log in the navigation, an owner does", async ({ world, signIn }) => {
  for (const [who, count] of [[world.viewer, 0], [world.owner, 1]] as const) {
    const page = await signIn(who.id);
    await page.goto(paths.overview(world.org.slug));
    await expect(page.getByRole("link", { name: "Runs" }).first()).toBeVisible();
    await expect(page.getByRole("link", { name: "Audit" })).toHaveCount(count);
  }
});

test("somebody who is not signed in is sent to sign in, and back", async ({ page, world }) => {
  await page.goto(paths.runs(world.org.slug));
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("E-mail").fill(world.viewer.email);
  await page.getByRole("textbox", { name: "Password" }).fill(world.viewer.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(new RegExp(`${paths.runs(world.org.slug)}$`));
});
