import type { Locator, Page } from "@playwright/test";
import { paths } from "../paths.ts";
import { expect } from "./fixtures.ts";
import { asked, grid, names, open, rowOf, test } from "./runs-grid.ts";
import { stackUnderTest } from "./stack.ts";
import type { TableRun } from "./table-runs.ts";

const grip = (page: Page, column: string) => grid(page).getByRole("separator", { name: `Width of ${column}`, exact: true });
const head = (page: Page, column: string) => grid(page).getByRole("columnheader").filter({ has: page.getByRole("separator", { name: `Width of ${column}`, exact: true }) });
const sorter = (page: Page, column: string) => head(page, column).getByRole("button");
/** The columns, left to right. */
const columns = (page: Page) => grid(page).getByRole("separator").evaluateAll((grips) => grips.map((one) => one.getAttribute("aria-label")!.replace("Width of ", "")));
const widthOf = async (of: Locator) => Math.round((await of.boundingBox())!.width);
const newestFirst = (runs: readonly TableRun[]) => [...runs].reverse().map(({ name }) => name);

test("a person chooses, pins, moves and sizes columns, sorts by several, and keeps it as a view that others open", async ({ as, org, table }) => {
  const runs = await table(24);
  const page = await as("member");
  await open(page, `${paths.runs(org.slug)}?project=${org.project.slug}`);
  await expect(grid(page).locator("[data-row-link]")).toHaveCount(24);

  await page.getByRole("button", { name: "Columns" }).click();
  const picker = page.getByRole("dialog", { name: "Columns" });
  for (const [find, column] of [["loss", "loss · metric, last"], ["lr", "lr · parameter"], ["team", "team · tag"], ["prio", "Priority"]] as const) {
    await picker.getByRole("textbox", { name: "Find a column" }).fill(find);
    await picker.getByRole("list", { name: "More columns" }).getByRole("checkbox", { name: `Show ${column}`, exact: true }).click();
  }
  for (const gone of ["Last metrics", "Cost", "Resources", "Cluster", "Experiment", "Owner"]) await picker.getByRole("list", { name: "Shown columns" }).getByRole("checkbox", { name: `Show ${gone}`, exact: true }).click();
  await expect.poll(() => columns(page)).toEqual(["Status", "Name", "Duration", "Submitted", "loss", "lr", "team", "Priority"]);
  const last = runs.at(-1)!;
  await expect(rowOf(page, last.name)).toContainText(`${last.loss}`);
  await expect(rowOf(page, last.name)).toContainText(last.team);
  const left = picker.getByRole("button", { name: "Move lr to the left", exact: true });
  await left.press("Enter");
  await left.press("Enter");
  await expect.poll(() => columns(page)).toEqual(["Status", "Name", "Duration", "lr", "Submitted", "loss", "team", "Priority"]);
  await picker.getByRole("button", { name: "Move Duration to the right", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => columns(page)).toEqual(["Status", "Name", "lr", "Duration", "Submitted", "loss", "team", "Priority"]);
  await page.keyboard.press("Enter"); // the button that was pressed keeps the focus where its column went
  await expect.poll(() => columns(page)).toEqual(["Status", "Name", "lr", "Submitted", "Duration", "loss", "team", "Priority"]);
  await picker.getByRole("textbox", { name: "Columns that stay in place" }).fill("3");
  await page.keyboard.press("Escape");
  await expect(picker).toBeHidden();

  await head(page, "loss").hover();
  await page.mouse.down();
  await expect(async () => {
    await head(page, "Duration").hover(); // again where the heads still moved
    await expect(head(page, "Duration")).toHaveAttribute("data-over", "true", { timeout: 1_000 });
  }).toPass();
  await page.mouse.up();
  await expect.poll(() => columns(page)).toEqual(["Status", "Name", "lr", "Submitted", "loss", "Duration", "team", "Priority"]);

  const name = (await grip(page, "Name").boundingBox())!;
  await page.mouse.move(name.x + name.width / 2, name.y + name.height / 2);
  await page.mouse.down();
  await page.mouse.move(name.x + name.width / 2 + 320, name.y + 4, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => widthOf(head(page, "Name"))).toBe(600);
  await grip(page, "team").focus();
  for (const key of ["End", "ArrowLeft"]) await page.keyboard.press(key);
  await expect.poll(() => widthOf(head(page, "team"))).toBe(884);
  await expect.poll(() => asked(page, "cols")).toBe("status,name@600,param:lr,created,metric:loss,duration,tag:team@884,priority");
  const before = await head(page, "lr").boundingBox();
  await page.getByRole("region", { name: "Runs, scrolls" }).evaluate((box) => box.scrollTo({ left: 700 }));
  await expect.poll(async () => (await head(page, "Submitted").boundingBox())!.x).toBeLessThan(before!.x);
  expect((await head(page, "lr").boundingBox())!.x).toBe(before!.x);
  await page.getByRole("region", { name: "Runs, scrolls" }).evaluate((box) => box.scrollTo({ left: 0 }));

  await sorter(page, "lr").click();
  await sorter(page, "loss").click({ modifiers: ["Shift"] });
  await sorter(page, "loss").press("Shift+Enter");
  const sorted = [...runs].sort((a, b) => a.lr.localeCompare(b.lr) || b.loss - a.loss).map((run) => run.name);
  await expect.poll(() => names(page)).toEqual(sorted);
  await expect.poll(() => asked(page, "sort")).toBe("param:lr,-metric:loss");
  await expect(head(page, "loss")).toHaveAttribute("aria-sort", "descending");

  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save as a view …" }).click();
  const naming = page.getByRole("dialog", { name: "Save as a view" });
  await naming.getByLabel("Name").fill("Best by rate");
  await naming.getByLabel("Everybody in the project").check();
  await naming.getByRole("button", { name: "Save view" }).click();
  await expect(page.getByRole("button", { name: "Best by rate", exact: true })).toBeVisible();

  const other = await as("viewer");
  await open(other, `${paths.runs(org.slug)}?project=${org.project.slug}`);
  await other.getByRole("button", { name: "Views" }).click();
  await other.getByRole("menuitem", { name: "Best by rate · Pat member" }).click();
  await expect.poll(() => columns(other)).toEqual(["Status", "Name", "lr", "Submitted", "loss", "Duration", "team", "Priority"]);
  await expect.poll(() => names(other)).toEqual(sorted);
  await other.getByRole("group", { name: "Table" }).getByRole("button", { name: "↑ lr" }).click(); // not sorted by it any more
  await expect.poll(() => names(other)).toEqual([...runs].sort((a, b) => b.loss - a.loss).map((run) => run.name));
  await other.getByRole("button", { name: "Best by rate (changed)" }).click();
  await expect(other.getByRole("menuitem", { name: /Delete|Save changes/ })).toHaveCount(0); // not theirs

  await sorter(page, "Priority").click();
  await page.getByRole("button", { name: "Best by rate (changed)" }).click();
  await page.getByRole("menuitem", { name: "Save changes to Best by rate" }).click();
  await page.getByRole("button", { name: "Best by rate", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete Best by rate" }).click();
  await page.getByRole("dialog", { name: "Delete the view Best by rate?" }).getByRole("button", { name: "Delete view" }).click();
  await expect(page.getByRole("button", { name: "Views", exact: true })).toBeVisible();
});

test("rows come page by page as one scrolls, keys do what the mouse does, and new runs wait to be asked for", async ({ as, org, table }) => {
  const runs = await table(130);
  const order = newestFirst(runs);
  const page = await as("member");
  await open(page, paths.runs(org.slug));
  const box = page.getByRole("region", { name: "Runs, scrolls" });
  const rendered = grid(page).locator("[data-row-link]");
  await expect(page.getByText("100 of 130 runs loaded")).toBeVisible();
  expect(await rendered.count()).toBeLessThan(60); // of a hundred that are loaded

  const link = (at: number) => page.getByRole("link", { name: order[at]!, exact: true });
  await expect(link(0)).toBeFocused();
  await page.keyboard.press("j");
  await expect(link(1)).toBeFocused();
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await expect(link(0)).toBeFocused();
  const bar = page.getByRole("toolbar", { name: "Selected rows" });
  await expect(bar).toContainText("2 selected");
  await page.keyboard.press("Space");
  const drawer = page.getByRole("dialog", { name: "Run" });
  await expect(drawer.getByText(order[0]!)).toBeVisible();
  expect(asked(page, "peek")).toBe(runs.at(-1)!.id);
  await page.keyboard.press("Escape"); // the top-most thing only
  await expect(drawer).toBeHidden();
  await expect(bar).toContainText("2 selected");
  await expect(link(0)).toBeFocused();

  await box.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  await expect(page.getByText("130 runs loaded", { exact: true })).toBeVisible();
  await box.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  await expect(link(129)).toBeVisible();
  await expect.poll(async () => (await names(page)).at(-1)).toBe(order[129]);
  const shown = await names(page);
  expect(shown).toEqual(order.slice(130 - shown.length)); // each once, in order, over the seam of two pages

  const at = await box.evaluate((element) => element.scrollTop);
  const submit = { name: "arrives-now", project: org.project.slug, command: "true" };
  const answer = await page.request.post("/api/trpc/experiments.submit", { headers: { "x-drover-org": org.slug, origin: stackUnderTest().url }, data: { json: { spec: submit } } });
  expect(answer.status(), await answer.text()).toBe(200);
  const notice = page.getByRole("button", { name: "1 new run. Show" });
  await expect(notice).toBeVisible();
  expect(await names(page)).toEqual(shown);
  expect(await box.evaluate((element) => element.scrollTop)).toBe(at);
  await notice.click();
  await expect(page.getByText("100 of 131 runs loaded")).toBeVisible();
  await expect.poll(async () => (await names(page))[0]).toBe("arrives-now");

  await page.keyboard.press("/");
  await page.keyboard.type("sft-012");
  await expect.poll(() => names(page)).toEqual(["sft-012"]);
  await page.keyboard.press("Escape"); // empties the field, then leaves it
  await page.keyboard.press("Escape");
  await expect.poll(async () => (await names(page))[0]).toBe("arrives-now");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: order[0]! })).toBeVisible();
});

test("a next page that does not come leaves the rows that are there, says so, and is asked for again", async ({ as, org, table }) => {
  await table(130);
  const page = await as("viewer");
  let isDown = true;
  await page.route("**/api/trpc/*table.search*", (route) => (isDown && route.request().postData()?.includes('"cursor"') ? route.abort() : route.continue()));
  await open(page, paths.runs(org.slug));
  await page.getByRole("button", { name: "Load more" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "More could not be loaded." })).toBeVisible({ timeout: 20_000 }); // after two more tries
  await expect(grid(page).locator("[data-row-link]").first()).toBeVisible();
  await expect(page.getByText("100 of 130 runs loaded")).toBeVisible();
  isDown = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("130 runs loaded")).toBeVisible();
  await page.route("**/api/trpc/*table.search*", (route) => route.abort());
  await page.getByRole("button", { name: /^Failed/ }).click();
  await expect(page.getByText("The server did not answer. Trying again is safe.")).toBeVisible({ timeout: 20_000 });
  await page.unroute("**/api/trpc/*table.search*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("The server did not answer.")).toBeHidden();
});

test("chosen runs are tagged, archived, cancelled and compared, and what is free to undo is undone", async ({ as, make, org, table }) => {
  const runs = await table(6);
  const away = await make.cluster(org, { name: `Away ${org.slug}` }); // nobody takes its runs
  const owner = await make.member(org, "member");
  const waiting = [];
  for (const name of ["waits-a", "waits-b"]) waiting.push(await make.run(org.project, owner.id, { name, input: { cluster: away.slug } }));
  const page = await as("project_admin");
  await open(page, `${paths.runs(org.slug)}?cols=status,name,tag:team`);
  const select = async (...some: string[]) => {
    for (const name of some) await rowOf(page, name).getByRole("checkbox", { name: "Select row" }).click();
  };
  const bar = page.getByRole("toolbar", { name: "Selected rows" });
  const team = (name: string) => rowOf(page, name).getByRole("cell").last();

  await select("sft-001", "sft-002");
  await bar.getByRole("button", { name: "Tag" }).click();
  const dialog = page.getByRole("dialog", { name: "Tag 2 runs" });
  await dialog.getByRole("textbox", { name: "Tag", exact: true }).fill("team");
  await dialog.getByLabel("Value").fill("gold");
  await dialog.getByRole("button", { name: "Set tag" }).click();
  for (const name of ["sft-001", "sft-002"]) await expect(team(name)).toHaveText("gold");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(team("sft-001")).toHaveText("red"); // each what it had
  await expect(team("sft-002")).toHaveText("green");

  await select("sft-003", "sft-004");
  await bar.getByRole("button", { name: "Archive" }).click();
  await expect(rowOf(page, "sft-003")).toHaveCount(0);
  await page.getByRole("group", { name: "Table" }).getByRole("button", { name: "Archived" }).click();
  await expect.poll(async () => (await names(page)).length).toBe(2);
  await grid(page).getByRole("checkbox", { name: "Select row" }).first().click(); // the newest
  await expect(bar.getByRole("button", { name: "Cancel runs" })).toHaveCount(0);
  await bar.getByRole("button", { name: "Take out of archive" }).click();
  await expect.poll(async () => (await names(page)).length).toBe(1);
  await page.getByRole("group", { name: "Table" }).getByRole("button", { name: "Archived" }).click();
  await expect(rowOf(page, "sft-004")).toHaveCount(1);
  await expect(rowOf(page, "sft-003")).toHaveCount(0);

  await select("waits-a", "waits-b", "sft-000");
  await bar.getByRole("button", { name: "Cancel runs" }).click();
  const sure = page.getByRole("dialog", { name: "Cancel 2 runs?" });
  await expect(sure).toContainText("1 selected run has ended");
  await sure.getByRole("button", { name: "Cancel 2 runs" }).click();
  for (const { name } of waiting) await expect(rowOf(page, name)).toContainText("Cancelled");

  await select("sft-000", "sft-005");
  await bar.getByRole("link", { name: "Compare" }).click();
  await expect(page).toHaveURL(new RegExp(`/runs/compare\\?runs=(${runs[5]!.id},${runs[0]!.id}|${runs[0]!.id},${runs[5]!.id})`));
});
