import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";
import { openNewRun } from "./new-run.ts";
import { ENGINE_WORKS, signInAsOwner } from "./owner.ts";
import { stackUnderTest } from "./stack.ts";

/** Progress as a bar writes it, 400 epochs, a warning and an error; the rest once the file is there. */
const writing = (go: string) => `
printf 'fetching  10%%\\rfetching  55%%\\rfetching 100%%\\n'
i=1; while [ $i -le 400 ]; do echo "epoch $i of 400"; i=$((i + 1)); done
echo "UserWarning: the rate is high" >&2
echo "ValueError: loss is nan" >&2
until [ -e '${go}' ]; do sleep 0.05; done
i=1; while [ $i -le 300 ]; do echo "late $i"; i=$((i + 1)); done`;

const log = (page: Page) => page.getByRole("log", { name: "Log of attempt 1" });
const state = (page: Page, word: string) => page.getByRole("status").filter({ hasText: word });

async function download(page: Page, which: string): Promise<string> {
  await page.getByRole("button", { name: "Download the log" }).click();
  const arriving = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: which }).click();
  return readFileSync(await (await arriving).path(), "utf8");
}

test("the log of several processes shows one rank's lines alone, and any of them in its place", async ({ make, org, as }) => {
  const { id: userId } = await make.user();
  const run = await make.run(org.project, userId, { name: "four-ranks", status: "succeeded", input: { launcher: "mpi", processesPerNode: 2, resources: { nodes: 2 } } });
  const attempt = await make.attempt(run, (await make.cluster(org)).id, { status: "ended", outcome: "succeeded" });
  await make.log(attempt.id, "mpirun begins\n[rank 0] loss 0.9\n[rank 3] loss 0.7\n[rank 0] done\n");
  const page = await as("viewer");
  await page.goto(paths.runTab(org.slug, run.id, "logs"));
  await expect(log(page)).toContainText("mpirun begins");
  await page.getByLabel("Rank").selectOption("Rank 3");
  const ofRank = page.getByRole("log", { name: "Rank 3" });
  await expect(ofRank).toContainText("[rank 3] loss 0.7");
  await expect(ofRank).not.toContainText("rank 0");
  await ofRank.getByRole("button", { name: "Open line 3 in its place" }).click();
  await expect(log(page).locator("[data-current]")).toContainText("[rank 3] loss 0.7");
  await expect(page.getByLabel("Rank")).toHaveValue("all");
  await page.getByLabel("Rank").selectOption("Rank 1");
  await expect(page.getByText("No line of this log is of rank 1.")).toBeVisible();
});

test("the log of a run that writes is searched, sifted, followed and downloaded", async ({ page }) => {
  const go = join(stackUnderTest().folder, "go-on");
  rmSync(go, { force: true }); // of an earlier try
  await signInAsOwner(page);
  const spec = { name: "writes", project: "default", command: writing(go), resources: { memory: 64 } };
  const answer = await page.request.post("/api/trpc/experiments.submit", { headers: { "x-drover-org": ENGINE_WORKS, origin: stackUnderTest().url }, data: { json: { spec } } });
  expect(answer.status(), await answer.text()).toBe(200);
  const { result } = (await answer.json()) as { result: { data: { json: { id: string } } } };
  await page.goto(paths.runTab(ENGINE_WORKS, result.data.json.id, "logs"));
  await expect(log(page)).toContainText("ValueError: loss is nan", { timeout: 60_000 });
  await expect(state(page, "Following")).toBeVisible();

  const level = page.getByLabel("Level");
  await level.selectOption("Warnings only");
  const warnings = page.getByRole("log", { name: "Warnings" });
  await expect(warnings).toContainText("UserWarning: the rate is high");
  await expect(warnings).not.toContainText("epoch");
  await level.selectOption("Errors only");
  await page.getByRole("log", { name: "Errors" }).getByRole("button", { name: /^Open line/ }).click();
  await expect(log(page).locator("[data-current]")).toContainText("ValueError: loss is nan");
  await expect(level).toHaveValue("all");

  const stream = page.getByLabel("Stream");
  await stream.selectOption("stderr");
  await expect(log(page)).toContainText("UserWarning");
  await expect(log(page)).not.toContainText("epoch");
  await stream.selectOption("stdout");
  await expect(log(page)).toContainText("epoch 400 of 400");
  await expect(log(page)).not.toContainText("ValueError");
  await stream.selectOption("Both streams");

  const search = page.getByLabel("Search the log");
  await search.fill("epoch 7 ");
  await search.press("Enter");
  await expect(page.getByRole("search").getByRole("status")).toHaveText("1 line");
  await search.press("Enter");
  await expect(page.getByRole("search").getByRole("status")).toHaveText("1 of 1");
  await expect(log(page).locator("mark")).toHaveText("epoch 7 ");
  await expect(page).toHaveURL(/[?&]q=epoch/);
  await page.getByRole("button", { name: "Regular expression" }).click();
  await search.fill("epoch (3|4)00");
  await search.press("Enter");
  await expect(page.getByRole("search").getByRole("status")).toHaveText("2 lines");
  await page.getByRole("button", { name: "Clear search" }).click();

  await page.getByRole("button", { name: "Start of the log" }).click();
  await expect(log(page)).toContainText("fetching 100%"); // as the bar ended, not every state of it
  await expect(log(page)).not.toContainText("55%");
  await expect(state(page, "Paused here")).toBeVisible();
  writeFileSync(go, "");
  await page.getByRole("button", { name: /^(Follow|[\d,]+ lines? further on)$/ }).or(page.getByRole("button", { name: "End", exact: true })).first().click();
  await expect(log(page)).toContainText("late 300", { timeout: 30_000 });
  await expect(state(page, "Complete")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("703 lines loaded")).toBeVisible();

  expect(await download(page, "stderr")).toBe("UserWarning: the rate is high\nValueError: loss is nan\n");
  const both = await download(page, "Both streams");
  expect(both).toContain("fetching  10%\rfetching  55%\rfetching 100%\n");
  expect(both.split("\n")).toHaveLength(704);
});

test("a clone starts from the run's spec, takes edits, and names what it came from", async ({ make, org, as }) => {
  const page = await as("owner");
  const cluster = await make.cluster(org, { name: `Away ${org.slug}` });
  const first = await make.run(org.project, (await make.member(org, "owner")).id, { name: "sorts", input: { command: "python3 sort.py --seed 1", cluster: cluster.slug, params: { seed: 1 }, tags: { set: "a" } } });
  await page.goto(paths.run(org.slug, first.id));
  await page.getByRole("link", { name: "Clone", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Clone sorts" })).toBeVisible();
  await expect(page.locator(".cm-content")).toContainText("python3 sort.py --seed 1", { timeout: 30_000 });
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("sorts-again");
  await page.getByRole("textbox", { name: /^Command/ }).fill("python3 sort.py --seed 2");
  await expect(page.locator(".cm-content")).toContainText("--seed 2");
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page).toHaveURL(/\/runs\/run_/, { timeout: 30_000 });
  await expect(page).not.toHaveURL(new RegExp(first.id));
  await expect(page.getByRole("heading", { name: "sorts-again" })).toBeVisible();
  await page.goto(`${page.url()}/spec`);
  await expect(page.getByText("python3 sort.py --seed 2").first()).toBeVisible();
  await expect(page.getByText("--seed 1")).toHaveCount(0);
  await expect(page.getByText(/set/).first()).toBeVisible(); // what was not touched came along
});

test("the example asks before it replaces what was typed, and a form that is typed into does not jump", async ({ org, as }) => {
  const page = await as("owner");
  await openNewRun(page, org.slug);
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  const before = await name.boundingBox();
  await name.fill("my-own-run");
  await expect(page.locator(".cm-content")).toContainText("my-own-run");
  expect(await name.boundingBox()).toEqual(before);
  await page.getByRole("button", { name: /^Try the/ }).click();
  const dialog = page.getByRole("dialog", { name: "Replace what is in the form?" });
  await dialog.getByRole("button", { name: "Keep as is" }).click();
  await expect(name).toHaveValue("my-own-run");

  await page.goto(paths.newRun(org.slug)); // what is typed while the example is on its way is asked about as well
  await expect(page.locator(".cm-content")).toBeVisible();
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route("**/api/trpc/experiments.prepareExample*", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("button", { name: /^Try the/ }).click();
  await name.fill("typed-meanwhile");
  letGo();
  await expect(dialog).toBeVisible();
  await expect(name).toHaveValue("typed-meanwhile");
  await dialog.getByRole("button", { name: "Use the example" }).click();
  await expect(name).toHaveValue(/digits/);
});
