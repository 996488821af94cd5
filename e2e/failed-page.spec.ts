import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

test("a page that the server fails on says so inside the frame, and comes back by its own button", async ({ as, make, org, database }) => {
  const owner = await make.member(org, "owner");
  const run = await make.run(org.project, owner.id, { name: "torn", status: "succeeded" });
  const [{ spec } = { spec: null }] = await database.sql`select spec::text from runs where id = ${run.id}`;
  await database.sql`update runs set spec = '{}' where id = ${run.id}`;
  const page = await as("owner");
  await page.goto(paths.run(org.slug, run.id));
  const failure = page.getByRole("alert").filter({ hasText: "This page could not be loaded" });
  await expect(failure).toContainText("The server failed on this request");
  const quoted = failure.locator("code"); // each request's own
  await expect(quoted).toHaveText(/\w+/);
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await expectAccessible(page);
  const first = await quoted.innerText();
  await failure.getByRole("button", { name: "Try again" }).click();
  await expect(quoted).not.toHaveText(first);
  await database.sql`update runs set spec = ${spec}::text::jsonb where id = ${run.id}`;
  await failure.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "torn" })).toBeVisible();
});
