import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, expect, type Locator, type Page, test as base } from "@playwright/test";
import { connect } from "../db/client.ts";
import { type Factories, factories } from "../db/factories.ts";
import type { Role } from "../domain/access/roles.ts";
import { sessionCookie } from "./session.ts";
import { stackUnderTest } from "./stack.ts";
import { makeWorld, type World } from "./world.ts";

type Organization = Awaited<ReturnType<Factories["org"]>>;

interface Fixtures {
  /** Puts things into the database of the running stack: the factories that tests and seed use. */
  make: Factories;
  /** An organization of this test alone: nothing is shared, so all tests may run at once. */
  org: Organization;
  /** A page on which a new person with this role in `org` is signed in. */
  as: (role: Role, options?: PageOptions & { org?: Organization }) => Promise<Page>;
  /** A page on which this person is signed in. */
  signIn: (userId: string, options?: PageOptions) => Promise<Page>;
}

interface WorkerFixtures {
  database: ReturnType<typeof connect>;
  /** An organization with something on every page. For tests that only look. */
  world: World;
}

interface PageOptions {
  colorScheme?: "light" | "dark";
  viewport?: { width: number; height: number };
  timezoneId?: string;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  baseURL: async ({}, use) => use(stackUnderTest().url),
  database: [
    async ({}, use) => {
      const clients = connect(stackUnderTest().databaseUrl, { max: 2, rawMax: 1 });
      await use(clients);
      await clients.close();
    },
    { scope: "worker" },
  ],
  make: async ({ database }, use) => use(factories(database.db)),
  org: async ({ make }, use) => use(await make.org()),
  world: [async ({ database }, use) => use(await makeWorld(factories(database.db))), { scope: "worker" }],
  signIn: async ({ browser, database }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (userId, options = {}) => {
      const context = await browser.newContext({ baseURL: stackUnderTest().url, reducedMotion: "reduce", ...options });
      contexts.push(context);
      const { secret, url } = stackUnderTest();
      const cookie = await sessionCookie(database.db, secret, userId);
      await context.addCookies([{ ...cookie, url, httpOnly: true, sameSite: "Lax" as const }]);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
  as: async ({ make, org, signIn }, use) => {
    await use(async (role, { org: of = org, ...options } = {}) => signIn((await make.member(of, role, { name: `Pat ${role.replace("_", " ")}` })).id, options));
  },
});

/** No accessibility violation that axe can see, at WCAG 2.2 AA. */
export async function expectAccessible(page: Page): Promise<void> {
  await settle(page);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`)).toEqual([]);
}

/**
 * Reduced motion leaves a hundredth of a millisecond to every change: where a colour is inherited, each level begins its own
 * only in the frame after its parent's. Colours are measured when none is under way any more.
 */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let still = 0, frame = 0; still < 3 && frame < 120; frame += 1) {
      await new Promise(requestAnimationFrame);
      still = document.getAnimations().length === 0 ? still + 1 : 0;
    }
  });
}

/** The pointer rests on this, and the page says so in a tooltip. */
export async function expectTooltip(of: Locator, text: string | RegExp): Promise<void> {
  const page = of.page();
  await expect(async () => {
    await page.mouse.move(0, 0); // a page that was only just made interactive may not have heard of the pointer
    await of.hover({ force: true });
    await expect(page.getByRole("tooltip")).toHaveText(text, { timeout: 2_000 });
  }).toPass({ timeout: 20_000 });
}

export { expect } from "@playwright/test";
