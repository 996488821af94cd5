import { dirname } from "node:path";
import type { Page } from "@playwright/test";
import { INTERACTIVE_PRESETS } from "../domain/experiments/interactive.ts";
import { pythonWith } from "../scripts/test/python.ts";
import { expect, test } from "./fixtures.ts";
import { openNewRun } from "./new-run.ts";
import { ENGINE_WORKS, signInAsOwner } from "./owner.ts";

// On the machine that `./drover up` connected: the real agent, its tunnel and real terminals.

test.describe.configure({ mode: "serial" });

/** An app that listens where it was told, and shows what it was asked. */
const ECHO = `node -e 'require("http").createServer((q, s) => s.end("app of " + process.env.DROVER_RUN_ID + " asked with " + JSON.stringify(q.headers))).listen(process.env.DROVER_PORT, "127.0.0.1")'`;

const status = (page: Page) => page.getByRole("status", { name: "Run status" });
const screen = (page: Page) => page.locator(".xterm");

async function type(page: Page, line: string): Promise<void> {
  await expect(screen(page)).toContainText(/[$#] /, { timeout: 15_000 }); // what is typed before a shell asks for it may be lost
  await screen(page).click();
  await page.keyboard.type(`${line}\n`);
}

/** Starts it, and opens its app as a person does. */
async function openApp(page: Page, spec: object, button: string): Promise<{ id: string; app: Page }> {
  const answer = await page.request.post("/api/trpc/experiments.submit", { headers: { "x-drover-org": ENGINE_WORKS, origin: new URL(page.url()).origin }, data: { json: { spec: { project: "default", ...spec } } } });
  expect(answer.status(), await answer.text()).toBe(200);
  const { result } = (await answer.json()) as { result: { data: { json: { id: string } } } };
  const { id } = result.data.json;
  await page.goto(`/${ENGINE_WORKS}/runs/${id}`);
  await expect(status(page)).toHaveText(/Running/, { timeout: 60_000 });
  const opened = page.context().waitForEvent("page");
  await page.getByRole("button", { name: button }).click();
  return { id, app: await opened };
}

async function cancelRun(page: Page, id: string): Promise<void> {
  await page.goto(`/${ENGINE_WORKS}/runs/${id}`);
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
  await expect(status(page)).toHaveText(/Cancelled/, { timeout: 60_000 });
}

test("an interactive run is asked for in the form, and its terminal is a shell in its place that outlives the page", async ({ page }) => {
  await signInAsOwner(page);
  await openNewRun(page, ENGINE_WORKS);
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("workbench");
  await page.getByRole("button", { name: /^Work in it/ }).click();
  await page.getByRole("combobox", { name: "Interactive" }).click();
  await page.getByRole("option", { name: "Shell", exact: true }).click();
  await expect(page.locator(".cm-content")).toContainText("sleep infinity");
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page).toHaveURL(/\/runs\/run_/, { timeout: 30_000 });
  await expect(status(page)).toHaveText(/Running/, { timeout: 60_000 });
  await expect(page.getByText("Stops unless used")).toBeVisible();

  await page.getByRole("link", { name: "Open terminal" }).click();
  await expect(page.getByText("Connected")).toBeVisible({ timeout: 30_000 });
  await type(page, "echo I am in $DROVER_RUN_NAME, $((6 * 7)); cd /; export LEFT=behind");
  await expect(screen(page)).toContainText("I am in workbench, 42", { timeout: 15_000 });

  await page.reload();
  await expect(page.getByText("Connected")).toBeVisible({ timeout: 30_000 });
  await expect(screen(page)).toContainText("I am in workbench, 42"); // what it wrote before
  await type(page, "echo $LEFT in $PWD");
  await expect(screen(page)).toContainText("behind in /", { timeout: 15_000 });

  await page.setViewportSize({ width: 800, height: 900 });
  await type(page, "stty size");
  await expect(screen(page)).toContainText(/\n?\d\d (7|8|9)\d\b/, { timeout: 15_000 });

  await type(page, "exit");
  await expect(page.getByText("The shell ended.", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Open a new shell" }).click();
  await expect(page.getByText("Connected")).toBeVisible();
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
  await expect(status(page)).toHaveText(/Cancelled/, { timeout: 60_000 });
  await expect(page.getByText(/It has ended: cancelled/)).toBeVisible();
});

test("the app of a run opens at an origin of its own, for who came through the console and for nobody else", async ({ page, browser }) => {
  await signInAsOwner(page);
  const { id, app } = await openApp(page, { name: "dashboard", command: ECHO, interactive: { app: "http" }, resources: { memory: 256 } }, "Open app");
  await expect(app.getByText(`app of ${id} asked with`)).toBeVisible({ timeout: 30_000 });
  const origin = new URL(app.url()).origin;
  expect(new URL(origin).hostname).toBe(`${id.replace("_", "-")}.localhost`);
  const shown = await app.locator("body").innerText();
  expect(shown).not.toContain("drover_app"); // our cookie stays with us
  expect(shown).not.toContain("better-auth");
  expect(await app.evaluate(() => window.opener)).toBeNull();

  const stranger = await browser.newContext();
  const other = await stranger.newPage();
  await other.goto(origin);
  await expect(other.getByRole("heading", { name: "Open this app from its run" })).toBeVisible();
  await stranger.close();

  await page.goto(`/${ENGINE_WORKS}/audit`);
  await expect(page.getByText("Opened a run's app").first()).toBeVisible();
  await cancelRun(page, id);
  await app.reload();
  await expect(app.getByText("It has ended: cancelled.")).toBeVisible();
});

test("a real JupyterLab opens beside the console, and a cell of a notebook runs", async ({ page }) => {
  test.slow(); // JupyterLab is installed first
  const bin = dirname(await pythonWith(["jupyterlab==4.6.6"]));
  await signInAsOwner(page);
  const { command } = INTERACTIVE_PRESETS.jupyter;
  const { id, app } = await openApp(page, { name: "notebook", command, env: { PATH: `${bin}:/usr/bin:/bin` }, interactive: { app: "jupyter" }, resources: { memory: 1024 } }, "Open Jupyter");
  await app.locator(".jp-LauncherCard", { hasText: "Python 3" }).first().click({ timeout: 60_000 });
  await expect(app.getByText("Python 3 (ipykernel) | Idle")).toBeVisible({ timeout: 60_000 }); // what is run before that is not run at all
  await app.locator(".jp-Notebook .cm-content").first().click();
  await app.keyboard.type("6 * 7");
  await app.keyboard.press("Shift+Enter");
  await expect(app.locator(".jp-OutputArea-output").first()).toHaveText("42", { timeout: 30_000 }); // by its kernel's WebSocket
  await cancelRun(page, id);
});
