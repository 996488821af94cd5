import type { Page } from "@playwright/test";
import type { Factories } from "../db/factories.ts";
import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { names, rowOf } from "./runs-grid.ts";

const HOUR = 3_600_000;
type Org = Awaited<ReturnType<Factories["org"]>>;
type Experiment = Awaited<ReturnType<Factories["experiment"]>>;

/** A run of one experiment whose attempts held so many cores for an hour each, one after the other, on a cluster each; all but the last failed. */
async function costly(make: Factories, org: Org, experiment: Experiment, { name, cores, tries = 1, hoursAgo, loss }: { name: string; cores: number; tries?: number; hoursAgo: number; loss: number }) {
  const owner = await make.member(org, "member");
  const [startedAt, endedAt] = [new Date(Date.now() - hoursAgo * HOUR), new Date(Date.now() - (hoursAgo - tries) * HOUR)];
  const run = await make.run(org.project, owner.id, { name, experimentId: experiment.id, status: "succeeded", startedAt, endedAt, attemptCount: tries, input: { resources: { cpus: cores } } });
  for (let at = 0; at < tries; at += 1) {
    const node = await make.node(await make.cluster(org, { name: `${name} ${at}` }), { name: "node-1" });
    const [from, to] = [new Date(startedAt.getTime() + at * HOUR), new Date(startedAt.getTime() + (at + 1) * HOUR)];
    const attempt = await make.attempt(run, node.clusterId, { number: at + 1, status: "ended", outcome: at === tries - 1 ? "succeeded" : "failed", startedAt: from, endedAt: to, nodeNames: [node.name], drainedAt: to });
    await make.metered(run, attempt.id, node, from, to);
  }
  await make.metrics(run.id, null, "loss", [{ step: 1, at: startedAt.getTime(), value: loss }]);
  return run;
}

/** Three runs at 1.50 USD an hour of a core: 6.00, 1.50 and, half of it in an attempt that failed, 9.00. */
async function trained(make: Factories, org: Org) {
  await make.prices(org, "1.5", "0");
  const experiment = await make.experiment(org.project, { name: "Digits" });
  const dear = await costly(make, org, experiment, { name: "dear", cores: 4, hoursAgo: 30, loss: 0.4 });
  const cheap = await costly(make, org, experiment, { name: "cheap", cores: 1, hoursAgo: 20, loss: 0.2 });
  const retried = await costly(make, org, experiment, { name: "retried", cores: 3, tries: 2, hoursAgo: 10, loss: 0.3 });
  return { experiment, dear, cheap, retried };
}

/** The page, once the worker has booked what its runs cost: sorts and sums go by that. */
async function booked(page: Page, url: string, holds: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await page.goto(url);
    await holds();
  }).toPass({ timeout: 60_000 });
}

test("runs are put in order, filtered, summed and compared by what they cost", async ({ make, org, as }) => {
  const { dear, cheap, retried } = await trained(make, org);
  const page = await as("member");
  const runs = `${paths.runs(org.slug)}?project=${org.project.slug}`;
  await booked(page, `${runs}&sort=-cost`, async () => expect(await names(page)).toEqual(["retried", "dear", "cheap"]));
  await expect(rowOf(page, "dear")).toContainText("$6.00");
  await expect(rowOf(page, "retried")).toContainText("$9.00");
  await page.goto(`${runs}&${new URLSearchParams({ f: "cost >= 1.50 and cost < 9.00", sort: "cost" }).toString()}`);
  await expect.poll(() => names(page)).toEqual(["cheap", "dear"]);
  await expect(page.getByRole("button", { name: /↑ Cost/ })).toBeVisible();

  await page.goto(`${runs}&group=experiment`);
  await expect(page.getByRole("row", { name: /Digits 3 .*\$16\.50 \$5\.50, n 3/ })).toBeVisible();

  await page.goto(`${paths.compare(org.slug, [dear.id, cheap.id, retried.id])}&show=table&base=${dear.id}`);
  const row = page.getByRole("row", { name: /^Cost/ });
  await expect(row).toContainText("$6.00");
  await expect(row).toContainText("$1.50▼ −75.0 % better");
  await expect(row).toContainText("$9.00▲ +50.0 % worse");
});

test("an experiment says what it cost and, by the metric that somebody picked, what its best score took; others see the same", async ({ make, org, as }) => {
  const { experiment } = await trained(make, org);
  const url = `${paths.runs(org.slug)}?project=${org.project.slug}&experiment=${experiment.id}`;
  const page = await as("member");
  await page.goto(url);
  const cost = page.getByRole("region", { name: "Cost of the experiment" });
  await expect(cost).toContainText("$16.50");
  await expect(cost).toContainText("$5.50 3 runs");
  await cost.getByRole("combobox", { name: "Metric of the best run" }).click();
  await page.getByRole("option", { name: "loss", exact: true }).click();
  await expect(cost.getByRole("link", { name: "cheap" })).toBeVisible();
  await expect(cost).toContainText("It cost$1.50Spent until its end$7.50"); // the dear one's and its own, not the later one's
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
    await expectAccessible(page);
  }

  const viewer = await as("viewer");
  await viewer.goto(url);
  const seen = viewer.getByRole("region", { name: "Cost of the experiment" });
  await expect(seen.getByRole("link", { name: "cheap" })).toBeVisible();
  await seen.getByText("max").click(); // of the viewer's own link: remembered for nobody
  await expect(seen.getByRole("link", { name: "dear" })).toBeVisible();
  await expect(seen).toContainText("It cost$6.00Spent until its end$6.00");
  await page.goto(url);
  await expect(cost.getByRole("link", { name: "cheap" })).toBeVisible();
});

test("a run says what each of its attempts cost, and how much of it came to nothing", async ({ make, org, as }) => {
  const { retried } = await trained(make, org);
  const page = await as("viewer");
  await page.goto(paths.run(org.slug, retried.id));
  await expect(page.getByText("2 attempts, $4.50 of $9.00 in one that failed or was given up")).toBeVisible();
  const attempts = page.getByRole("table", { name: "Attempts" });
  await expect(attempts.getByRole("row", { name: /#1 .*\$4\.50/ })).toBeVisible();
  await expect(attempts.getByRole("row", { name: /#2 .*\$4\.50/ })).toBeVisible();
});
