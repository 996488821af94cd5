import type { Page } from "@playwright/test";
import { CLUSTER_TABS, paths, RUN_TABS } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import type { World } from "./world.ts";

/** Every page of the console. A new page belongs here: it is then looked at in light, in dark and on a telephone. */
const PAGES: Record<string, (world: World) => string> = {
  overview: ({ org }) => paths.overview(org.slug),
  runs: ({ org }) => paths.runs(org.slug),
  "new run": ({ org }) => paths.newRun(org.slug),
  ...Object.fromEntries(RUN_TABS.map((tab) => [`run ${tab}`, ({ org, finished }: World) => paths.runTab(org.slug, finished.id, tab)])),
  "run that failed": ({ org, failed }) => paths.run(org.slug, failed.id),
  "run that waits": ({ org, waiting }) => paths.run(org.slug, waiting.id),
  clusters: ({ org }) => paths.clusters(org.slug),
  "connect a cluster": ({ org }) => paths.connectCluster(org.slug),
  ...Object.fromEntries(CLUSTER_TABS.map((tab) => [`cluster ${tab}`, ({ org, cluster }: World) => paths.clusterTab(org.slug, cluster.id, tab)])),
  people: ({ org }) => paths.people(org.slug),
  teams: ({ org }) => paths.peopleTab(org.slug, "teams"),
  invitations: ({ org }) => paths.peopleTab(org.slug, "invitations"),
  tokens: ({ org }) => paths.tokens(org.slug),
  "service accounts": ({ org }) => paths.tokensTab(org.slug, "service-accounts"),
  "all tokens": ({ org }) => paths.tokensTab(org.slug, "all"),
  audit: ({ org }) => paths.audit(org.slug),
  settings: ({ org }) => paths.settings(org.slug),
  "not found": ({ org }) => paths.run(org.slug, "run_00000000-0000-7000-8000-000000000000"),
};

/** Shown, and with its data: nothing is a placeholder any more. */
async function arrive(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
  await expect(page.locator(".mantine-Skeleton-root")).toHaveCount(0);
}

for (const [name, urlOf] of Object.entries(PAGES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${name} is accessible in ${colorScheme} and logs no error`, async ({ world, signIn }) => {
      const page = await signIn(world.owner.id, { colorScheme });
      const errors: string[] = [];
      page.on("console", (message) => message.type() === "error" && !message.text().includes("404") && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      await arrive(page, urlOf(world));
      await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
      await expectAccessible(page);
      expect(errors).toEqual([]);
    });
  }

  test(`${name} does not scroll sideways at 390 px`, async ({ world, signIn }) => {
    const page = await signIn(world.owner.id, { viewport: { width: 390, height: 844 } });
    await arrive(page, urlOf(world));
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  });
}

test("a page of another organization is as absent as one that never was", async ({ world, as }) => {
  const page = await as("owner");
  for (const url of [paths.run(world.org.slug, world.finished.id), "/no-such-organization"]) {
    const answer = await page.goto(url);
    expect(answer?.status()).toBe(404);
  }
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`signing in is accessible in ${colorScheme}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ baseURL: baseURL!, colorScheme });
    const page = await context.newPage();
    await arrive(page, paths.signIn());
    await expectAccessible(page);
    await context.close();
  });
}
