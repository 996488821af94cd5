import type { Page } from "@playwright/test";
import { expect, test as base } from "./fixtures.ts";
import { makeTableRuns, type TableRun } from "./table-runs.ts";

export const test = base.extend<{ table: (count: number) => Promise<TableRun[]> }>({
  table: async ({ make, org, database }, use) => {
    const owner = await make.member(org, "member", { name: "Rita Runs" });
    await use((count) => makeTableRuns(database.db, make, org.project, owner.id, count));
  },
});

export const grid = (page: Page) => page.getByRole("table", { name: "Runs" });
export const names = (page: Page) => grid(page).locator("[data-row-link]").allTextContents();
export const rowOf = (page: Page, name: string) => grid(page).getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
export const asked = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);

/** The page once its table lives: what is pressed before that is lost. `k` leads from nowhere, and from the first row, to the first row. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(async () => {
    await page.keyboard.press("k");
    await expect(grid(page).locator("[data-row-link]").first()).toBeFocused({ timeout: 500 });
  }).toPass();
}
