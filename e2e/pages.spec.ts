import type { Page } from "@playwright/test";
import { newId } from "../db/schema/columns.ts";
import { metricBatches } from "../db/schema/experiments.ts";
import { insertAll } from "../db/seed/insert-all.ts";
import { paths } from "../paths.ts";
import { CONSOLE_PAGES } from "./console-pages.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { makeTableRuns } from "./table-runs.ts";
import { makeCompared } from "./world.ts";

/** Shown, and with its data: nothing is a placeholder any more. */
async function arrive(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
  await expect(page.locator(".mantine-Skeleton-root")).toHaveCount(0);
}

for (const [name, urlOf] of Object.entries(CONSOLE_PAGES)) {
  test(`${name} is accessible in light and in dark, does not scroll sideways at 390 px and logs no error`, async ({ world, signIn }) => {
    const page = await signIn(world.owner.id, { colorScheme: "light" });
    const errors: string[] = [];
    const isOwn404 = (text: string) => name === "not found" && text.includes("404"); // the browser logs the page's own status
    page.on("console", (message) => message.type() === "error" && !isOwn404(message.text()) && errors.push(`${message.text()} (${message.location().url})`));
    page.on("pageerror", (error) => errors.push(error.message));
    await arrive(page, urlOf(world));
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
  });
}

test("long names of people, machines and metrics do not push a page sideways at 390 px", async ({ make, org, signIn }) => {
  const owner = await make.member(org, "owner", { name: "Maximiliane Wolfeschlegelsteinhausenbergerdorff-Schmidt" });
  const cluster = await make.cluster(org, { name: "A cluster in the basement of the physics building" });
  const node = await make.node(cluster, { name: "gpu-node-0001.compute.cluster.physics.university.example", gpus: 8 });
  const run = await make.run(org.project, owner.id, { name: "detector-large-finetune-with-strong-augmentation-and-no-end-seed-42", status: "running", startedAt: new Date() });
  const attempt = await make.attempt(run, cluster.id, { status: "running", startedAt: new Date(), nodeNames: [node.name] });
  await make.metrics(run.id, attempt.id, "validation/of/everything/that/there/is/accuracy_top_5_percent_weighted", [{ step: 1, at: Date.now(), value: 0.1 }, { step: 2, at: Date.now(), value: 0.2 }]);
  const page = await signIn(owner.id, { viewport: { width: 390, height: 844 } });
  for (const url of [paths.overview(org.slug), paths.run(org.slug, run.id), paths.runTab(org.slug, run.id, "charts"), paths.cluster(org.slug, cluster.id), paths.people(org.slug), paths.queueTab(org.slug, "running")]) {
    await arrive(page, url);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), url).toBeLessThanOrEqual(0);
    await expect.poll(() => page.evaluate(() => [...document.querySelectorAll("main button, main a.mantine-Button-root")].filter((one) => one.getBoundingClientRect().right > window.innerWidth).map((one) => one.textContent)), url).toEqual([]);
  }
});

test("a comparison of 100 runs draws its ten charts, names the runs under the pointer and zooms all charts together", async ({ make, org, as, database }) => {
  const runs = await makeCompared(database.db, make, org.project, 100);
  const page = await as("viewer", { viewport: { width: 1920, height: 2000 } });
  const asked: string[] = [];
  page.on("request", (request) => request.url().endsWith("/compare.series") && asked.push(request.postData() ?? ""));
  await page.goto(paths.compare(org.slug, runs));
  const whole = page.getByRole("figure", { name: /, 100 lines\./ });
  await expect(whole).toHaveCount(10);
  await expect(page.locator("figure").filter({ has: page.locator("g[clip-path] > path") })).toHaveCount(10); // all are drawn
  expect([asked.length, new Set(asked).size]).toEqual([10, 10]); // each was asked once, however early
  const plot = page.getByRole("figure", { name: /^loss,/ }).getByRole("application");
  const { x, y, width, height } = (await plot.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await expect(page.getByRole("figure", { name: /^loss,/ }).getByText(/^and \d+ more$/)).toBeVisible();
  await page.mouse.down();
  await page.mouse.move(x + width - 40, y + height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/[?&]from=\d+&to=\d+/);
  await page.getByRole("button", { name: "Whole range" }).click();
  await expect(page).not.toHaveURL(/[?&]from=/);
});

test("more than a hundred runs are compared in groups: those chosen in the table, and all that it shows", async ({ make, org, as, database }) => {
  const owner = await make.member(org, "member");
  const runs = await makeTableRuns(database.db, make, org.project, owner.id, 104);
  await insertAll(database.db, metricBatches, runs.map(({ id, loss }) => ({ runId: id, key: "loss", id: newId("metricBatch"), minStep: 0, maxStep: 0, steps: [0], times: [0], values: [loss] })));
  const page = await as("viewer");
  await arrive(page, `${paths.runs(org.slug)}?f=${encodeURIComponent("priority >= 0")}&group=${encodeURIComponent("param:lr")}`);
  await page.getByRole("link", { name: "Compare all" }).click();
  await expect(page.getByRole("figure", { name: /^loss, 2 lines\..* \(n 52\)/ })).toBeVisible();
  await expect(page.getByText("104 runs", { exact: false }).first()).toBeVisible();
  await page.getByRole("combobox", { name: "Group by" }).click();
  await page.getByRole("option", { name: "team" }).click();
  await expect(page.getByRole("figure", { name: /^loss, 3 lines\./ })).toBeVisible();

  await page.getByRole("link", { name: "Show in the table" }).click();
  await page.getByRole("button", { name: "Load more" }).click();
  await expect(page.getByText("104 runs loaded")).toBeVisible();
  const chosen = page.getByRole("toolbar", { name: "Selected rows" });
  await expect(async () => {
    await page.getByRole("checkbox", { name: "Select all loaded rows" }).check(); // the rows that came last may be a moment behind the count
    await expect(chosen).toContainText("104 selected", { timeout: 2_000 });
  }).toPass();
  await page.getByRole("checkbox", { name: "Select row" }).first().click(); // all but one
  await chosen.getByRole("link", { name: "Compare in groups" }).click();
  await expect(page.getByRole("figure", { name: /^loss, 1 lines\..* all runs \(n 103\)/ })).toBeVisible();
  await page.reload(); // the link itself names them
  await expect(page.getByText("103 chosen runs")).toBeVisible();
});

test("a page of another organization is as absent as one that never was", async ({ world, as }) => {
  const page = await as("owner");
  for (const url of [paths.run(world.org.slug, world.finished.id), "/no-such-organization"]) {
    const answer = await page.goto(url);
    expect(answer?.status()).toBe(404);
  }
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`signing in, an old setup link and an invitation are accessible in ${colorScheme}`, async ({ browser, baseURL, as, org }) => {
    const owner = await as("owner");
    const invited = { email: `guest-${colorScheme}@${org.slug}.example`, role: "member", scopeType: "org", scopeId: org.id };
    const answer = await owner.request.post("/api/trpc/access.invite", { headers: { "x-drover-org": org.slug, origin: baseURL! }, data: { json: invited } });
    expect(answer.status(), await answer.text()).toBe(200);
    const { result } = (await answer.json()) as { result: { data: { json: { link: string } } } };
    const context = await browser.newContext({ baseURL: baseURL!, colorScheme });
    const page = await context.newPage();
    for (const [url, title] of [[paths.signIn(), /./], [paths.setup("long-spent"), "This setup link no longer works"], [new URL(result.data.json.link).pathname, `Join ${org.name}`]] as const) {
      await arrive(page, url);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
      await expectAccessible(page);
    }
    await context.close();
  });

  test(`an address that leads nowhere is accessible in ${colorScheme}`, async ({ as }) => {
    const page = await as("viewer", { colorScheme });
    await arrive(page, "/no-such-organization");
    await expectAccessible(page);
  });
}
