import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { parquetReadObjects } from "hyparquet";
import { paths } from "../paths.ts";
import { expect } from "./fixtures.ts";
import { asked, grid, names, test } from "./runs-grid.ts";
import type { TableRun } from "./table-runs.ts";

/** The file that a format of the Export menu downloads. */
async function exported(page: Page, format: "CSV" | "Parquet"): Promise<Buffer> {
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: format }).click()]);
  return readFile(await file.path());
}

test("a filter is built or written, each in step with the other, grouped, and leaves as CSV and as Parquet", async ({ as, org, table }) => {
  const runs = await table(24);
  const page = await as("viewer");
  const bad = "status = 'failed' and weather = 'x'";
  await page.goto(`${paths.runs(org.slug)}?${new URLSearchParams({ cols: "name,status,metric:loss,param:lr,tag:team", sort: "metric:loss", f: bad }).toString()}`);
  await expect(page.getByText(/There is no attribute weather\..*\(at character 23 of the filter\)/)).toBeVisible();
  const clear = page.getByRole("button", { name: "Clear filters" }); // the grammar's too
  await expect(async () => {
    if (await clear.isVisible()) await clear.click({ timeout: 500 });
    expect(await clear.isVisible()).toBe(false);
  }).toPass();
  await expect(grid(page).locator("[data-row-link]")).toHaveCount(24);

  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const form = page.getByRole("dialog", { name: "Filter" });
  const text = form.getByRole("textbox", { name: "As text" });
  const outer = form.getByRole("group", { name: "Conditions", exact: true });
  const inner = form.getByRole("group", { name: "Conditions in parentheses" });
  const choose = async (within: Locator, at: number, what: string) => {
    await within.getByRole("combobox", { name: "What is compared" }).nth(at).click();
    await form.getByRole("option", { name: what, exact: true }).click();
  };
  await outer.getByRole("button", { name: "Condition", exact: true }).click();
  await expect(text).toHaveValue("status = 'running'");
  await outer.getByRole("combobox", { name: "With" }).fill("failed");
  await expect(text).toHaveValue("status = 'failed'");
  await outer.getByRole("button", { name: "Group", exact: true }).click();
  await choose(inner, 0, "lr");
  await inner.getByRole("combobox", { name: "With" }).first().fill("0.1");
  await choose(inner, 1, "team");
  await inner.getByRole("combobox", { name: "With" }).last().fill("red");
  await outer.getByText("Any of").first().click();
  await inner.getByText("All of").click();
  await expect(text).toHaveValue("status = 'failed' or (params.lr = 0.1 and tags.team = 'red')");
  const either = runs.filter((run) => run.status === "failed" || (run.lr === "0.1" && run.team === "red"));
  await expect.poll(() => asked(page, "f")).toBe("status = 'failed' or (params.lr = 0.1 and tags.team = 'red')");
  const byLoss = (some: TableRun[]) => [...some].sort((a, b) => a.loss - b.loss);
  await expect.poll(() => names(page)).toEqual(byLoss(either).map(({ name }) => name));

  await text.fill("metrics.loss < 0.12");
  await text.pressSequentially(" and (");
  await expect.poll(() => asked(page, "f")).toBe("metrics.loss < 0.12"); // what made sense last
  await expect(text).toHaveValue("metrics.loss < 0.12 and ("); // and nothing that was typed since is lost
  await text.pressSequentially("weather = 'x')");
  const problem = form.getByRole("alert");
  await expect(problem).toContainText("There is no attribute weather.");
  await expect(problem.locator("mark")).toHaveText("weather");
  await text.fill("metrics.loss < 0.12 and (params.lr = 0.1 or tags.team ilike '%gr%')");
  await expect(outer.getByRole("combobox", { name: "With" }).first()).toHaveValue("0.12");
  await expect(inner.getByRole("combobox", { name: "How" })).toHaveCount(2);
  await expect(inner.getByRole("combobox", { name: "How" }).last()).toHaveValue("contains");
  await inner.getByRole("combobox", { name: "With" }).last().fill("g_");
  await expect(text).toHaveValue("metrics.loss < 0.12 and (params.lr = 0.1 or tags.team ilike '%g\\\\_%')"); // the very sign, not any
  await expect(inner.getByRole("combobox", { name: "With" }).last()).toHaveValue("g_");
  await inner.getByRole("combobox", { name: "With" }).last().fill("green");
  await page.getByRole("heading", { level: 1 }).click(); // closing at once keeps the change
  await expect(form).toBeHidden();
  const filtered = byLoss(runs.filter((run) => run.loss < 0.12 && (run.lr === "0.1" || run.team === "green")));
  await expect.poll(() => asked(page, "f")).toBe("metrics.loss < 0.12 and (params.lr = 0.1 or tags.team ilike '%green%')");
  await expect.poll(() => names(page)).toEqual(filtered.map(({ name }) => name));

  const csv = (await exported(page, "CSV")).toString();
  expect(csv).toBe(["run_id,name,status,metric:loss,param:lr,tag:team", ...filtered.map(({ id, name, status, loss, lr, team }) => [id, name, status, loss, lr, team].join(",")), ""].join("\r\n"));
  const parquet = await exported(page, "Parquet");
  expect(await parquetReadObjects({ file: new Uint8Array(parquet).buffer })).toEqual(filtered.map(({ id, name, status, loss, lr, team }) => ({ run_id: id, name, status, "metric:loss": loss, "param:lr": lr, "tag:team": team })));

  await clear.click();
  const groupBy = page.getByRole("combobox", { name: "Group by" });
  for (const [by, value, of] of [["lr", "0.1", runs.filter(({ lr }) => lr === "0.1")], ["Experiment", "Letters", runs.filter(({ experiment }) => experiment === "Letters")]] as const) {
    await groupBy.click();
    await page.getByRole("option", { name: by, exact: true }).click();
    const groups = page.getByRole("table", { name: /^Groups by/ });
    const one = groups.getByRole("row").filter({ has: page.getByRole("button", { name: value, exact: true }) });
    await expect(one).toContainText(`${of.length}`);
    await expect(one).toContainText(`${Math.min(...of.map(({ loss }) => loss))} to ${Math.max(...of.map(({ loss }) => loss))}, n ${of.length}`);
    await one.getByRole("button").click();
    await expect.poll(() => names(page)).toEqual(byLoss([...of]).map(({ name }) => name));
    await clear.click();
  }
});
