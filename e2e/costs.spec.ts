import { readFileSync } from "node:fs";
import type { Factories } from "../db/factories.ts";
import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";
import { meteredRun } from "./metered-run.ts";
import { describeRun, openNewRun } from "./new-run.ts";

const MINUTE = 60_000;

/** Ida Idle's, which has held one accelerator for two hours and does nothing with it. */
async function forgottenRun(make: Factories, org: Awaited<ReturnType<Factories["org"]>>) {
  const owner = await make.member(org, "member", { name: "Ida Idle" });
  const cluster = await make.cluster(org, { name: "Oslo" });
  const node = await make.node(cluster, { name: "node-1", gpus: 2 });
  const startedAt = new Date(Date.now() - 120 * MINUTE);
  const run = await make.run(org.project, owner.id, { name: "forgotten", status: "running", startedAt, input: { resources: { gpus: 1 } } });
  await make.attempt(run, cluster.id, { status: "running", startedAt, nodeNames: [node.name], acceleratorIndexes: [1] });
  await make.samples(cluster.id, "accelerator", `${node.name}/1`, "gpu", Array.from({ length: 60 }, (_, at) => ({ at: Date.now() - (60 - at) * MINUTE, value: 0.4 })));
  return run;
}

test("an owner sets a price that begins in the past: the run, its project and the page of spend show what it cost", async ({ make, org, as }) => {
  const page = await as("owner");
  await meteredRun(make, org, new Date(Date.now() - 90 * MINUTE), new Date(Date.now() - 30 * MINUTE));
  await page.goto(paths.costs(org.slug));
  await expect(page.getByText("Nothing has a price yet")).toBeVisible();
  await page.getByRole("link", { name: "Prices" }).last().click();
  await page.getByRole("button", { name: "Add a price" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a price" });
  await dialog.getByRole("combobox", { name: "Of" }).or(dialog.getByLabel("Of")).first().click();
  await page.getByRole("option", { name: "CPUs" }).click();
  await dialog.getByLabel("Price").fill("1,50");
  await dialog.getByLabel("Holds from").fill("2026-01-01");
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(dialog.getByText("Write it as plain digits")).toBeVisible();
  await dialog.getByLabel("Price").fill("1.50");
  await dialog.getByRole("button", { name: "Add price" }).click();
  await expect(page.getByRole("row", { name: /CPUs.* 1\.50 USD/ })).toBeVisible();
  await page.getByRole("link", { name: "Spend", exact: true }).click();
  await expect(page.getByRole("row", { name: /^metered.*\$6\.00/ })).toBeVisible({ timeout: 30_000 }); // four cores for an hour
  await expect(page.getByRole("row", { name: new RegExp(`^${org.project.name}.*\\$6\\.00`) })).toBeVisible();
  await page.getByRole("link", { name: "metered" }).click();
  await expect(page.getByRole("heading", { name: "metered" })).toBeVisible();
  await expect(page.getByText("$6.00")).toHaveCount(2); // the run, and its one attempt
});

test("a viewer sees what was spent, the prices and the budgets, and reads why none can be added", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.costs(world.org.slug));
  await expect(page.getByText(/Data complete to/)).toBeVisible();
  await page.goto(paths.prices(world.org.slug));
  await expect(page.getByRole("row", { name: /CPUs.* 0\.048 USD/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Add a price" })).toHaveAttribute("data-disabled");
  await page.goto(paths.budgets(world.org.slug));
  await expect(page.getByRole("row", { name: /^Everything/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Add a budget" })).toHaveAttribute("data-disabled");
  await expect(page.getByRole("button", { name: "Change Everything" })).toHaveCount(0);
  await page.goto(paths.reviews(world.org.slug));
  await expect(page.getByRole("heading", { name: "Costs" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Resolve" })).toHaveCount(0);
  await page.goto(paths.period(world.org.slug, new Date().toISOString().slice(0, 7)));
  await expect(page.getByRole("button", { name: "Ask for the close" })).toHaveAttribute("data-disabled");
  await page.goto(paths.overview(world.org.slug));
  await expect(page.getByText("The budget Digits only is used up. Nothing is refused.")).toBeVisible();
});

test("a member sees which run holds an accelerator in vain, and goes to it", async ({ make, org, as }) => {
  const page = await as("member");
  await forgottenRun(make, org);
  await page.goto(paths.waste(org.slug));
  await expect(page.getByText("1 of 2 accelerators held and idle")).toBeVisible();
  await expect(page.getByRole("row", { name: /^forgotten.*Ida Idle.*<1 %.*1 of 1/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /^Oslo/ })).toBeVisible();
  await page.getByRole("link", { name: "forgotten" }).click();
  await expect(page.getByRole("heading", { name: "forgotten" })).toBeVisible();
});

test("a team lead sees what the team's runs cost and what that went to, and nothing of what nobody held", async ({ make, org, as }) => {
  await make.prices(org, "1.50", "0");
  const begun = new Date(Date.now() - 3 * 24 * 60 * MINUTE);
  await meteredRun(make, org, begun, new Date(begun.getTime() + 60 * MINUTE), "failed");
  const page = await as("team_lead");
  await page.goto(`${paths.waste(org.slug)}?by=team`);
  const parts = page.getByRole("table", { name: "What the cost went to", exact: true });
  await expect(async () => {
    await page.reload();
    await expect(parts.getByRole("row", { name: /^Wasted Held by an attempt that failed.*100 %.*\$6\.00/ })).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 40_000 }); // a worker rates it, and splits it
  await expect(page.getByRole("table", { name: "What the cost went to by team" }).getByRole("row", { name: /^Default.*\$6\.00/ })).toBeVisible();
  await expect(page.getByText("Nobody", { exact: true })).toHaveCount(0);
  await expect(page.getByText(/Data complete to|No hour is complete yet/).first()).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toMatch(/^parts-.*\.csv$/);
  await expect(page.getByRole("link", { name: "Schedules" })).toHaveCount(0);
  await page.goto(paths.periods(org.slug));
  await expect(page.getByRole("row", { name: /Open.*\$6\.00/ })).toBeVisible();
});

test("an owner narrows what was spent step by step, hands on the address, downloads just that, and goes back", async ({ make, org, as }) => {
  await make.prices(org, "1.50", "0");
  const begun = new Date(Date.now() - 3 * 24 * 60 * MINUTE);
  const ended = new Date(begun.getTime() + 60 * MINUTE);
  await meteredRun(make, org, begun, ended);
  await meteredRun(make, org, begun, ended, "failed", "Bergen");
  const page = await as("owner");
  await page.goto(`${paths.costs(org.slug)}?by=team`);
  const table = (by: string) => page.getByRole("table", { name: `Cost by ${by}` });
  await expect(async () => {
    await page.reload();
    await expect(table("team").getByRole("row", { name: /^Default.*\$12\.00/ })).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 60_000 }); // a worker rates them
  await table("team").getByRole("link", { name: "Default" }).click();
  await table("project").getByRole("link", { name: org.project.name }).click();
  await expect(table("experiment").getByRole("row")).toHaveCount(3);
  const way = page.getByRole("navigation", { name: "Narrowed to" });
  await expect(way).toHaveText(new RegExp(`All costs.*Team Default.*Project ${org.project.name}`));

  await page.getByRole("combobox", { name: "Told apart by" }).click();
  await page.getByRole("option", { name: "By outcome" }).click();
  await table("outcome").getByRole("link", { name: "Failed" }).click();
  await expect(page).toHaveURL(/outcome=failed/);
  const shared = await as("billing");
  await shared.goto(page.url());
  for (const one of [page, shared]) {
    await expect(one.getByText("$6.00of runs, from")).toBeVisible();
    await expect(one.getByRole("table", { name: "Dearest runs" }).getByRole("row", { name: /^metered/ })).toHaveCount(1);
  }
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "CSV", exact: true }).click();
  const [head, ...rows] = readFileSync(await (await download).path(), "utf8").trim().split("\r\n").map((line) => line.split(","));
  expect(rows.map((row) => Number(row[head!.indexOf("amount")])).reduce((sum, amount) => sum + amount, 0)).toBe(6);

  await way.getByRole("link", { name: "Without outcome Failed" }).click();
  await expect(way).not.toContainText("Failed");
  await expect(page.getByText(/^\$12\.00/).first()).toBeVisible();
  await way.getByRole("link", { name: "All costs" }).click();
  await expect(table("team").getByRole("link", { name: "Default" })).toBeVisible();
  await expect(way).toHaveCount(0);
});

test("an owner looks at days of their own, compared with the month before, and is told why two days are no range", async ({ make, org, as }) => {
  await make.prices(org, "1.50", "0");
  const page = await as("owner");
  await page.goto(`${paths.costs(org.slug)}?from=2026-11-03&to=2026-11-05&against=month`);
  await expect(page.getByText("from 3 to 5 Nov 2026")).toBeVisible();
  await page.getByRole("button", { name: "Export" }).click();
  await expect(page.getByText("With 3 to 5 Oct 2026")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByLabel("To, UTC").fill("2026-11-01");
  await expect(page.getByRole("alert").filter({ hasText: "The last day is before the first." })).toBeVisible();
  await page.getByLabel("From, UTC").fill("2026-11-01");
  await expect(page.getByText("from 1 Nov 2026")).toBeVisible();
  await expect(page).toHaveURL(/from=2026-11-01&to=2026-11-01/);
  await page.getByText("7d", { exact: true }).click();
  await expect(page.getByLabel("To, UTC")).toHaveCount(0);
  await expect(page).not.toHaveURL(/from=/);
});

test("a member reads beside each figure of money how far it can be trusted", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  const { slug } = world.org;
  for (const path of [paths.costs(slug), paths.budgets(slug), paths.advice(slug), paths.waste(slug), paths.period(slug, new Date().toISOString().slice(0, 7)), paths.run(slug, world.finished.id)]) {
    await page.goto(path);
    await expect(page.getByText(/Data complete to|No hour is complete yet/).first()).toBeVisible();
    await expect(page.getByText("Rating version 1").first()).toBeVisible();
  }
});

test("a recommendation says what would be saved, and its one click does it", async ({ make, org, as }) => {
  const page = await as("member");
  await make.acceleratorPrice(org, "2.5");
  const run = await forgottenRun(make, org);
  await page.goto(paths.advice(org.slug));
  const advice = page.getByRole("listitem").filter({ hasText: "Stop forgotten, or put its accelerators to work" });
  await expect(advice.getByText("$2.50")).toBeVisible();
  await expect(advice.getByRole("button", { name: "Cancel run" })).toHaveAttribute("data-disabled"); // somebody else's run
  const lead = await as("team_lead");
  await lead.goto(paths.advice(org.slug));
  await lead.getByRole("button", { name: "Cancel run" }).click();
  await lead.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
  await lead.goto(paths.run(org.slug, run.id));
  await expect(lead.getByRole("status", { name: "Run status" })).toHaveText(/Cancelling/);
});

test("an owner limits a project by a budget: the plan names it, the submit is refused, and raising it lets the run in", async ({ make, org, as }) => {
  const page = await as("owner");
  const cluster = await make.cluster(org, { name: "Oslo" });
  await make.node(cluster, { name: "node-1" });
  await make.prices(org, "1", "0");
  await page.goto(paths.budgets(org.slug));
  await expect(page.getByText("No budgets yet")).toBeVisible();
  await page.getByRole("button", { name: "Add a budget" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a budget" });
  await dialog.getByLabel("Name").fill("Small one");
  await dialog.getByRole("combobox", { name: "Of" }).click();
  await page.getByRole("option", { name: "Project" }).click();
  await dialog.getByLabel("Amount").fill("5,00");
  await dialog.getByRole("button", { name: "Add budget" }).click();
  await expect(dialog.getByText("Write it as plain digits above zero")).toBeVisible();
  await expect(dialog.getByText("Choose whose budget it is.")).toBeVisible();
  await dialog.getByRole("combobox", { name: "Project" }).click();
  await page.getByRole("option", { name: org.project.name }).click();
  await dialog.getByLabel("Amount").fill("5");
  await dialog.getByRole("button", { name: "Add budget" }).click();
  await expect(page.getByRole("row", { name: /Small one.*0 %.*\$0\.00 of \$5\.00/ })).toBeVisible();

  await openNewRun(page, org.slug);
  await describeRun(page, "too-dear", "sleep 1");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan.getByText(/Costs \$1\.00 an hour\. It names no maxDuration, so budgets hold a day of it: \$24\.00\./)).toBeVisible({ timeout: 15_000 });
  await expect(plan.getByText(/The budget Small one has \$5\.00 of \$5\.00 left this month/)).toBeVisible();
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "One thing to correct" })).toContainText("this run would be held at $24.00"); // the plan says so before

  await page.goto(paths.budgets(org.slug));
  await page.getByRole("button", { name: "Change Small one" }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  const change = page.getByRole("dialog", { name: "Change Small one" });
  await expect(change.getByLabel("Amount")).toHaveValue("5");
  await change.getByLabel("Amount").fill("100");
  await change.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row", { name: /Small one.*of \$100\.00/ })).toBeVisible();
  await openNewRun(page, org.slug);
  await describeRun(page, "fits-now", "sleep 1");
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page.getByRole("heading", { name: "fits-now" })).toBeVisible();
  await page.goto(paths.budgets(org.slug));
  await expect(page.getByRole("row", { name: /Small one.*\$24\.00.*\$76\.00/ })).toBeVisible();
});

test("a month is closed by two people, and its statement downloaded", async ({ make, org, as }) => {
  test.setTimeout(240_000); // the hours since then are completed two days at a time
  const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 0, 12)); // the last day of the one before
  const period = month.toISOString().slice(0, 7);
  await make.prices(org, "1.50", "0");
  const { attempt } = await meteredRun(make, org, month, new Date(month.getTime() + 60 * MINUTE));
  await make.discrepancy(attempt, 4, 1800);
  const page = await as("owner");
  await page.goto(paths.periods(org.slug));
  await expect(page.getByRole("row", { name: /Open/ }).first()).toBeVisible({ timeout: 30_000 });
  await page.goto(paths.period(org.slug, period));
  await expect(page.getByRole("list", { name: "Checks" }).getByText("The month is over", { exact: true })).toBeVisible();
  await page.getByRole("listitem").filter({ hasText: "1 contradiction of usage" }).getByRole("link", { name: "Look at them" }).click();
  const differs = page.getByRole("row", { name: /^Select row metered Slurm's accounting of job 4711 \(COMPLETED\) has 2 CPU-hours less/ });
  await differs.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Resolve" }).click();
  const found = page.getByRole("dialog", { name: "Resolve 1 discrepancy" });
  await found.getByLabel("What holds, and why").fill("The job was suspended by an administrator.");
  await found.getByRole("button", { name: "Resolve" }).click();
  await expect(page.getByText("Nothing contradicts what is counted")).toBeVisible();
  await page.goto(paths.period(org.slug, period));
  await expect(page.getByRole("button", { name: "Ask for the close" })).not.toHaveAttribute("data-disabled", { timeout: 180_000 }); // once its hours are complete
  await page.getByRole("button", { name: "Ask for the close" }).click();
  await expect(page.getByText("Close asked for")).toBeVisible();
  await expect(page.getByRole("button", { name: "Close month" })).toHaveAttribute("data-disabled");
  const other = await as("billing");
  await other.goto(paths.period(org.slug, period));
  await other.getByRole("button", { name: "Close month" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Close month" }).click();
  await expect(other.getByText(/^Closed by/)).toBeVisible();
  const download = other.waitForEvent("download");
  await other.getByRole("button", { name: "Statement" }).click();
  await other.getByRole("menuitem", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toBe(`statement-${period}.csv`);
  const pdf = other.waitForEvent("download");
  await other.getByRole("button", { name: "Statement" }).click();
  await other.getByRole("menuitem", { name: "Default", exact: true }).click(); // that team's invoice
  expect((await pdf).suggestedFilename()).toMatch(/^costs-.*-team-default\.pdf$/);
  const focus = other.waitForEvent("download");
  await other.getByRole("button", { name: "FOCUS" }).click();
  await other.getByRole("menuitem", { name: "Cost and usage, CSV" }).first().click(); // of the newest version
  expect((await focus).suggestedFilename()).toBe(`focus-1.4-cost-and-usage-${period}.csv`);
});
