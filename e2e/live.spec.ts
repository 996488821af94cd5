import type { Page } from "@playwright/test";
import { paths } from "../paths.ts";
import { expect, test as base } from "./fixtures.ts";
import { stackUnderTest } from "./stack.ts";

const status = (page: Page) => page.getByRole("status", { name: "Run status" });

/** Something to be held back until the test lets it go. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** A run that waits for a cluster without an agent, after placement has said so: nothing but the test changes it any more. */
const test = base.extend<{ waiting: string }>({
  waiting: async ({ make, org, database }, use) => {
    const cluster = await make.cluster(org, { name: `Away ${org.slug}` });
    const run = await make.run(org.project, (await make.member(org, "owner")).id, { name: "waits", input: { cluster: cluster.slug } });
    await expect.poll(async () => (await database.sql`select pending ->> 'kind' as kind from runs where id = ${run.id}`)[0]!.kind).not.toBeNull();
    await use(run.id);
  },
});

/** Cancel a run behind the page's back, with its session. */
async function cancel(page: Page, slug: string, id: string): Promise<void> {
  const { url } = stackUnderTest();
  const answer = await page.request.post("/api/trpc/experiments.cancel", { headers: { "x-drover-org": slug, origin: url }, data: { json: { id } } });
  expect(answer.status()).toBe(200);
}

test("a stream that falls silent without an end is said, and what was missed is shown once it is back", async ({ as, org, waiting }) => {
  const page = await as("owner");
  await page.clock.install();
  await page.goto(paths.run(org.slug, waiting));
  const dot = page.getByRole("img", { name: /^Live updates/ });
  await expect(dot).toHaveAccessibleName("Live updates: live");
  await page.route("**/api/events?**", (route) => route.abort());
  await page.clock.fastForward(60_000); // four heartbeats that did not come
  await expect(dot).toHaveAccessibleName("Live updates: reconnecting");
  await cancel(page, org.slug, waiting);
  await page.unroute("**/api/events?**");
  await page.clock.fastForward(60_000);
  await expect(dot).toHaveAccessibleName("Live updates: live");
  await expect(status(page)).toHaveText("Cancelled");
});

test.describe("what changes between the server's render and the page's own life", () => {
  test("is shown once the page lives, though its scripts came late", async ({ as, org, waiting }) => {
    const page = await as("owner");
    const scripts = gate();
    await page.route("**/_next/static/**/*.js*", async (route) => {
      await scripts.passed;
      await route.continue();
    });
    await page.goto(paths.run(org.slug, waiting), { waitUntil: "commit" });
    await expect(status(page)).toHaveText("Queued");
    await cancel(page, org.slug, waiting);
    scripts.open();
    await expect(status(page)).toHaveText("Cancelled");
  });

  test("is shown once the event stream is open, though it opened late", async ({ as, org, waiting }) => {
    const page = await as("owner");
    const stream = gate();
    const asked = gate();
    await page.route("**/api/events?**", async (route) => {
      asked.open();
      await stream.passed;
      await route.continue();
    });
    await page.goto(paths.run(org.slug, waiting));
    await asked.passed;
    await cancel(page, org.slug, waiting);
    stream.open();
    await expect(status(page)).toHaveText("Cancelled");
  });

  test("is shown on a page that was on its way when it happened", async ({ as, org, waiting }) => {
    const page = await as("owner");
    await page.goto(paths.runs(org.slug));
    await expect(page.getByRole("img", { name: "Live updates: live" })).toBeVisible();
    const payload = gate();
    const rendered = gate();
    await page.route((url) => url.pathname === paths.run(org.slug, waiting), async (route) => {
      const response = await route.fetch();
      rendered.open();
      await payload.passed;
      await route.fulfill({ response });
    });
    await page.getByRole("link", { name: "waits" }).click();
    await rendered.passed;
    await cancel(page, org.slug, waiting);
    await expect(page.getByRole("row", { name: /waits/ })).toContainText("Cancelled"); // the change was heard here
    payload.open();
    await expect(status(page)).toHaveText("Cancelled");
  });
});
