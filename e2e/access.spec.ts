import type { Locator } from "@playwright/test";
import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { stackUnderTest } from "./stack.ts";

async function shownOnce(dialog: Locator, label: string): Promise<string> {
  const secret = dialog.getByLabel(label);
  await expect(secret).toHaveText(/\S{20,}/);
  return (await secret.textContent())!;
}

test("an invitation by link makes an account with its role, once", async ({ as, org, browser, baseURL }) => {
  const owner = await as("owner");
  await owner.goto(paths.people(org.slug));
  await owner.getByRole("button", { name: "Invite" }).click();
  const dialog = owner.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("E-mail").fill(`ivy@${org.slug}.example`);
  await dialog.getByRole("combobox", { name: "Where" }).click();
  await owner.getByRole("option", { name: org.name, exact: true }).click();
  await dialog.getByRole("combobox", { name: "Role" }).click();
  await owner.getByRole("option", { name: "Viewer", exact: true }).click();
  await expectAccessible(owner);
  await dialog.getByRole("button", { name: "Create link" }).click();
  const link = await shownOnce(dialog, "Invitation link");
  await dialog.getByRole("button", { name: "Done" }).click();
  expect(await owner.content()).not.toContain(link);

  const guest = await browser.newContext({ baseURL: baseURL! });
  const page = await guest.newPage();
  await page.goto(link);
  await expect(page.getByRole("heading", { name: `Join ${org.name}` })).toBeVisible();
  await page.getByLabel("Your name").fill("Ivy Invited");
  await page.getByLabel("Password", { exact: true }).fill("an ivy climbs 1887");
  await page.getByRole("button", { name: "Create account and join" }).click();
  await expect(page).toHaveURL(paths.overview(org.slug));
  await page.goto(paths.runs(org.slug));
  await expect(page.getByRole("link", { name: "New run" }).first()).toBeDisabled(); // a viewer looks
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "This invitation no longer works" })).toBeVisible();
  await guest.close();

  await owner.goto(paths.people(org.slug));
  await owner.getByRole("link", { name: "Ivy Invited" }).click();
  const member = owner.getByRole("dialog", { name: "Member" });
  await expect(member.getByText("Viewer").first()).toBeVisible();
  await expectAccessible(owner);
});

test("a token is shown once, and works from then on", async ({ as, org, request }) => {
  const page = await as("owner");
  await page.goto(paths.tokens(org.slug));
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog", { name: "New token" });
  await dialog.getByLabel("Name", { exact: true }).fill("nightly-eval");
  await dialog.getByRole("button", { name: "Read", exact: true }).click();
  await dialog.getByRole("button", { name: "Create token" }).click();
  const token = await shownOnce(dialog, "API token");
  await expect(dialog.getByText(`drover login ${stackUnderTest().url} --token ${token}`)).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await expect(page.getByRole("row", { name: /nightly-eval/ })).toBeVisible();
  expect(await page.content()).not.toContain(token);

  const ask = (bearer: string) => request.get("/api/trpc/access.viewer", { headers: { authorization: `Bearer ${bearer}` } });
  expect((await ask(token)).status()).toBe(200);
  expect((await ask(`${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`)).status()).toBe(401);

  await page.goto(paths.audit(org.slug));
  await page.getByRole("button", { name: /token/i }).first().click();
  await expect(page.getByRole("dialog", { name: "Audit entry" })).toBeVisible();
  await expectAccessible(page);
});

test("what opens over a page, and what stands in for one, is accessible in light and in dark", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id, { colorScheme: "light" });
  const expectBothAccessible = async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
      await expectAccessible(page);
    }
  };
  await page.goto(paths.runs(world.org.slug));
  await expect(page.getByRole("img", { name: "Live updates: live" })).toBeVisible(); // the keys work from here on
  await page.keyboard.press("ControlOrMeta+k");
  const search = page.getByPlaceholder("Go to a page, run or cluster, or do something");
  await search.fill("digits-fin");
  await expect(page.getByRole("dialog").getByText("digits-finished")).toBeVisible();
  await expectBothAccessible();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("dialog").getByRole("button", { name: "digits-finished" })).toHaveAttribute("data-selected", "true");
  await expectBothAccessible();
  await page.keyboard.press("Escape");
  await expect(search).toHaveCount(0);
  await page.getByRole("link", { name: "digits-failed" }).focus();
  await page.keyboard.press("Space");
  await expect(page.getByRole("dialog", { name: "Run" })).toBeVisible();
  await expectBothAccessible();
  await page.goto(paths.audit(world.org.slug));
  await expect(page.getByText("You may not see this page")).toBeVisible();
  await expectBothAccessible();
});
