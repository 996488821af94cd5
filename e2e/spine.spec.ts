import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { describeRun, openNewRun } from "./new-run.ts";
import { ENGINE_WORKS as ORG, OWNER, signInAsOwner as signIn } from "./owner.ts";
import { stackUnderTest } from "./stack.ts";

test.describe.configure({ mode: "serial" });

test("the printed link makes the first owner, once, and this machine becomes a cluster", async ({ page, browser }) => {
  const { setupLink } = stackUnderTest();
  await page.goto(setupLink);
  await expect(page.getByRole("heading", { name: "Set up Drover" })).toBeVisible();
  await expectAccessible(page); // the link works once, so nowhere else
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByLabel("Organization").fill(OWNER.organization);
  await page.getByRole("button", { name: /create/i }).click();
  await expect(page).toHaveURL(/\/engine-works$/);

  await page.goto("/engine-works/clusters");
  await expect(page.getByRole("link", { name: "This machine" })).toBeVisible({ timeout: 30_000 });

  const stranger = await browser.newContext();
  const second = await stranger.newPage();
  await second.goto(setupLink);
  await expect(second.getByRole("button", { name: /create/i })).toHaveCount(0);
  await stranger.close();
});

const status = (page: Page) => page.getByRole("status", { name: "Run status" });

/** Submit a command from the form. @returns the page of its run. */
async function submitCommand(page: Page, name: string, command: string): Promise<string> {
  await openNewRun(page, ORG);
  await describeRun(page, name, command);
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page).toHaveURL(/\/runs\/run_/, { timeout: 30_000 });
  return page.url();
}

/** Reads a number from a page that stays open until it has grown. */
async function expectGrowth(read: () => Promise<number>): Promise<void> {
  const first = await read();
  await expect.poll(read, { timeout: 60_000 }).toBeGreaterThan(first);
}

test("the digits example is submitted from the form, and its log and loss grow until it succeeds", async ({ page }) => {
  await signIn(page);
  await openNewRun(page, ORG);
  await page.getByRole("button", { name: /^Try the/ }).first().click();
  await expect(page.getByRole("textbox", { name: "Name", exact: true })).toHaveValue(/digits/, { timeout: 30_000 });
  await page.getByRole("button", { name: "Submit run" }).click();
  await expect(page).toHaveURL(/\/runs\/run_/, { timeout: 30_000 });
  const run = page.url();
  await expect(status(page)).toHaveText(/Running/, { timeout: 60_000 });

  await page.goto(`${run}/logs`);
  const loaded = page.getByText(/ of [\d,]+ lines loaded$/);
  await expect(page.getByText(/epoch/).first()).toBeVisible({ timeout: 60_000 });
  await expectGrowth(async () => Number(/ of ([\d,]+) lines/.exec(await loaded.innerText())![1]!.replaceAll(",", "")));
  await page.goto(`${run}/charts`);
  const loss = page.getByRole("figure", { name: /^loss,.* to step \d/ }); // said in its name: the step that it is drawn up to
  await expect(loss).toBeVisible({ timeout: 60_000 });
  await expectGrowth(async () => Number(/ to step ([\d,]+)/.exec((await loss.getAttribute("aria-label"))!)![1]!.replaceAll(",", "")));

  await page.goto(run);
  await expect(status(page)).toHaveText(/Succeeded/, { timeout: 240_000 });
  await page.goto(`${run}/artifacts`);
  await expect(page.getByText("metrics.json").first()).toBeVisible();
});

test("a running run is cancelled, and is cancelled only when its process is gone", async ({ page }) => {
  await signIn(page);
  await submitCommand(page, "sleeper", "sleep 600");
  await expect(status(page)).toHaveText(/Running/, { timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel run" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel sleeper?" });
  await dialog.getByRole("button", { name: "Cancel run" }).click();
  await expect(status(page)).toHaveText(/Cancelled/, { timeout: 60_000 });
});

test("a failed run says why, and a retry is a new attempt", async ({ page }) => {
  await signIn(page);
  await submitCommand(page, "breaks", "echo about to break; exit 3");
  await expect(status(page)).toHaveText(/Failed/, { timeout: 60_000 });
  await expect(page.getByText(/exit code 3/).first()).toBeVisible();
  await page.getByRole("button", { name: /^Retry/ }).first().click();
  await expect(page.getByText("#2").or(page.getByText(/attempt 2/i)).first()).toBeVisible({ timeout: 60_000 });
  await expect(status(page)).toHaveText(/Failed/, { timeout: 60_000 });
});

/** An event as protobuf has it, written by nothing but Python's own library. */
const WRITES_FOR_TENSORBOARD = `
import os, struct
def field(number, data): return bytes([number << 3 | 2, len(data)]) + data
os.makedirs("runs/train")
with open("runs/train/events.out.tfevents.1.host", "wb") as file:
    for step in range(100):
        value = field(1, b"tb/loss") + b"\\x15" + struct.pack("<f", 1 / (step + 1))
        event = b"\\x09" + struct.pack("<d", 1.7e9 + step) + b"\\x10" + bytes([step]) + field(5, field(1, value))
        file.write(struct.pack("<Q", len(event)) + bytes(4) + event + bytes(4))
`;

test("what a program writes for TensorBoard is charted once its attempt has ended", async ({ page }) => {
  await signIn(page);
  const spec = { name: "for-tensorboard", project: "default", command: ["python3", "-c", WRITES_FOR_TENSORBOARD], artifacts: ["runs/**"] };
  const { url } = stackUnderTest();
  const answer = await page.request.post("/api/trpc/experiments.submit", { headers: { "x-drover-org": ORG, origin: url }, data: { json: { spec } } });
  expect(answer.status(), await answer.text()).toBe(200);
  const { result } = (await answer.json()) as { result: { data: { json: { id: string } } } };
  await page.goto(`/${ORG}/runs/${result.data.json.id}/timeline`);
  await expect(page.getByText(/100 points of 1 metric were read from runs\/train\/events/)).toBeVisible({ timeout: 90_000 });
  await page.goto(`/${ORG}/runs/${result.data.json.id}/charts`);
  await expect(page.getByRole("figure", { name: /tb\/loss/ })).toBeVisible();
});
