import { paths } from "../paths.ts";
import { expect, expectTooltip, test } from "./fixtures.ts";

test("a viewer sees what could be done, disabled, with the reason", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  const { org: { slug }, failed, waiting } = world;
  const somebodyElses = "It is somebody else's run: this needs the permission runs:cancel-any.";
  for (const [url, role, name, reason] of [
    [paths.run(slug, failed.id), "button", "Retry", somebodyElses],
    [paths.run(slug, failed.id), "link", "Clone", "This needs the permission runs:submit."],
    [paths.run(slug, waiting.id), "button", "Cancel run", somebodyElses],
    [paths.runs(slug), "link", "New run", /^You need the permission “Submit runs” \(runs:submit\)/],
    [paths.clusters(slug), "link", "Connect a cluster", /^You need the permission “Connect, rename and revoke clusters” \(clusters:manage\)/],
  ] as const) {
    await page.goto(url);
    const act = page.getByRole(role, { name, exact: true });
    await expect(act).toBeDisabled();
    await expectTooltip(act, reason);
  }
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
