import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

test("billing works out what an hour of owned hardware costs, exports the price book, changes it and brings it back", async ({ org, as }) => {
  const page = await as("billing");
  await page.goto(paths.prices(org.slug));
  await page.getByRole("button", { name: "Add a price" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Add a price" });
  await dialog.getByRole("button", { name: "Work it out for hardware of your own" }).click();
  for (const [label, value] of [["Bought for", "320000"], ["Worth in the end", "20000"], ["Draws", "10.2"], ["Electricity", "0.25"], ["Space, staff, support", "2000"]] as const) await dialog.getByLabel(label).fill(value);
  await expect(dialog.getByText("1.826079 USD")).toBeVisible();
  await dialog.getByLabel("PUE").fill("0.5");
  await expect(dialog.getByText("Is 1 or more")).toBeVisible();
  await dialog.getByLabel("PUE").fill("1.3");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Use this price" }).click();
  await expect(dialog.getByLabel("Price")).toHaveValue("1.826079");
  await expect(dialog.getByLabel("Note")).toHaveValue(/^Owned: 320000 less 20000 over 48 months/);
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(page.getByRole("row", { name: /Accelerators.*owned.*1\.826079 USD/ })).toBeVisible();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const file = await (await download).path();
  const { readFile } = await import("node:fs/promises");
  const csv = await readFile(file, "utf8");
  await page.getByRole("button", { name: "Import" }).click();
  const bring = page.getByRole("dialog", { name: "Import prices" });
  const choose = (text: string) => bring.locator("input[type=file]").setInputFiles({ name: "prices.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await choose(csv.replace("1.826079", "a lot"));
  await expect(bring.getByText(/^line 2, unit_price/)).toBeVisible();
  await expect(bring.getByRole("button", { name: "Add prices" })).toBeDisabled();
  await choose(csv);
  await expect(bring.getByText("The price book has all of these already.")).toBeVisible();
  await choose(`${csv}cpu,,,,2026-01-01,0.05,,\r\n`);
  await expect(bring.getByText("1 new price, 1 of the file are there already.")).toBeVisible();
  await expectAccessible(page);
  await bring.getByRole("button", { name: "Add prices" }).click();
  await expect(page.getByRole("row", { name: /CPUs.*0\.05 USD/ })).toBeVisible();

  await page.getByRole("button", { name: "Add a rate" }).click();
  const rate = page.getByRole("dialog", { name: "Add a rate" });
  await rate.getByLabel("Currency").fill("eur");
  await rate.getByLabel("Worth").fill("1.0842");
  await expectAccessible(page);
  await rate.getByRole("button", { name: "Add rate" }).click();
  await expect(page.getByRole("row", { name: /EUR.*1 EUR = 1\.0842 USD/ })).toBeVisible();
  await page.getByRole("button", { name: "Add a price" }).first().click();
  await dialog.getByLabel("Price").fill("2.40");
  await dialog.getByRole("combobox", { name: "Currency" }).click();
  await page.getByRole("option", { name: "EUR" }).click();
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(page.getByRole("row", { name: /Accelerators.*2\.40 EUR/ })).toBeVisible();

  const viewer = await as("viewer");
  await viewer.goto(paths.prices(org.slug));
  await expect(viewer.getByRole("button", { name: "Import" })).toHaveAttribute("data-disabled");
});

test("prices and books say their times in the reader's zone, as soon as a page is the browser's own", async ({ world, signIn }) => {
  const page = await signIn(world.owner.id, { timezoneId: "Asia/Tokyo" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(paths.prices(world.org.slug));
  await expect(page.getByRole("row", { name: /^CPUs/ })).toContainText("1 Jan 2026, 09:00 GMT+9");
  await page.goto(paths.waste(world.org.slug));
  await expect(page.getByText(/Data complete to .* GMT\+9/)).toHaveCount(2); // of what is booked, and of now
  await page.goto(paths.runTab(world.org.slug, world.finished.id, "timeline"));
  await expect(page.getByText(/^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+9$/)).toHaveCount(2);
  expect(errors).toEqual([]);
});
