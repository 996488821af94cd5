import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

test("a run names the data sets that it read, and each leads to where else that data was used", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { name: "reader", status: "succeeded" });
  await make.input(run, "digits", "5f1d0c", "training");
  await make.input(run, "digits", "77ab01", null);
  const page = await as("viewer");
  await page.goto(paths.run(org.slug, run.id));
  const sets = page.locator("dl[aria-label='Data sets']");
  await expect(sets.getByText("training")).toBeVisible();
  await sets.getByRole("link", { name: "digits" }).first().click();
  await expect(page).toHaveURL(/\/models\/datasets\?q=5f1d0c$/);
  const found = page.getByRole("table", { name: "Data sets" });
  await expect(found.getByRole("link", { name: "reader" })).toHaveCount(1);
});
