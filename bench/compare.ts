import { type Browser, chromium } from "@playwright/test";
import { connect } from "../db/client.ts";
import { openSql } from "../db/connection.ts";
import { seed } from "../db/seed.ts";
import { sessionCookie } from "../e2e/session.ts";
import { paths } from "../paths.ts";
import { ensureBuilt } from "../scripts/build.ts";
import { ensureChromium, launchOptions } from "../scripts/test/chromium.ts";
import { compactMetrics } from "../server/experiments/jobs/compaction.ts";
import { median, say } from "./figures.ts";
import { withFolder } from "./folder.ts";
import { up, type Up } from "./up.ts";

// A comparison as a person opens it: every chart of 100 runs, in a browser that has nothing in its cache.

const ROUNDS = 5;
const RUNS = 100;
const CHARTS = 10;
const GOAL_SECONDS = 2;
/** High enough for all charts: those far below the screen wait until somebody scrolls to them. */
const VIEWPORT = { width: 1920, height: 2000 };

const WINDOW_MS = 500;

/** Moments on the page's own clock, ms after the navigation began. */
interface Noted {
  drawn?: number;
  moved?: number;
  answered?: number;
}
declare global {
  interface Window {
    noted: Noted;
  }
}

interface Opened {
  drawnMs: number;
  answerMs: number;
  slowest: { name: string; ms: number };
}

/** Runs in the page: notes the frame that has lines in all charts, and the one that answers the first move of the pointer. */
function watch(charts: number): void {
  const noted: Noted = (window.noted = {});
  window.addEventListener("pointermove", (event) => (noted.moved ??= event.timeStamp), { capture: true });
  const look = () => {
    if (noted.drawn === undefined && [...document.querySelectorAll("figure")].filter((figure) => figure.querySelector("g[clip-path] > path")).length >= charts) noted.drawn = performance.now();
    if (noted.moved !== undefined && document.querySelector("figure:hover [class*=tipRow]")?.checkVisibility()) noted.answered = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function open(browser: Browser, url: string, cookie: { name: string; value: string }): Promise<Opened> {
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: "reduce" });
  try {
    await context.addCookies([{ ...cookie, url: new URL(url).origin, httpOnly: true, sameSite: "Lax" }]);
    const page = await context.newPage();
    await page.goto("about:blank"); // the window itself is there before anybody opens a page in it
    await page.waitForTimeout(WINDOW_MS);
    const requests: { name: string; ms: number }[] = [];
    page.on("requestfinished", (request) => {
      const { requestStart, responseEnd } = request.timing();
      const name = new URL(request.url()).pathname;
      if (!name.startsWith("/_next/static/")) requests.push({ name, ms: responseEnd - requestStart });
    });
    await page.addInitScript("globalThis.__name = (one) => one"); // what runs this file leaves calls of it in functions
    await page.addInitScript(watch, CHARTS);
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForFunction(() => window.noted?.drawn !== undefined);
    await page.locator("figure").getByRole("application").first().hover();
    await page.waitForFunction(() => window.noted.answered !== undefined);
    const { drawn, moved, answered } = await page.evaluate(() => window.noted);
    return { drawnMs: drawn!, answerMs: answered! - moved!, slowest: requests.reduce((a, b) => (b.ms > a.ms ? b : a)) };
  } finally {
    await context.close();
  }
}

/** @returns the page's URL on the seed, and the session of its owner. */
async function prepare(drover: Up): Promise<{ url: string; cookie: { name: string; value: string } }> {
  const clients = connect(drover.databaseUrl, { max: 4, rawMax: 1 });
  const tables = openSql(drover.databaseUrl, { max: 1 });
  try {
    const { slug, ownerEmail } = await seed(clients.db, { now: Date.now(), runs: 1000 });
    await clients.sql`delete from cost_clocks`; // nothing is rated meanwhile: that would be measured, too
    await compactMetrics(clients.sql, Date.now()); // as the worker does within ten minutes
    await tables`vacuum analyze`; // as their owner
    const runs = await clients.sql<{ id: string }[]>`
      select run_id as id from metric_summaries group by run_id having count(*) = ${CHARTS} order by run_id desc limit ${RUNS}`;
    if (runs.length < RUNS) throw new Error(`The seed has ${runs.length} runs with ${CHARTS} metrics.`);
    const [owner] = await clients.sql<{ id: string }[]>`select id from users where email = ${ownerEmail}`;
    return { url: drover.url + paths.compare(slug, runs.map(({ id }) => id)), cookie: await sessionCookie(clients.db, drover.secret, owner!.id) };
  } finally {
    await Promise.all([clients.close(), tables.end()]);
  }
}

async function measure(drover: Up): Promise<void> {
  const { url, cookie } = await prepare(drover);
  const browser = await chromium.launch(launchOptions());
  try {
    await open(browser, url, cookie); // the server warms up
    const opened: Opened[] = [];
    for (let round = 0; round < ROUNDS; round += 1) opened.push(await open(browser, url, cookie));
    const what = `${RUNS} runs x ${CHARTS} charts`;
    say(`${what}: all drawn`, median(opened.map(({ drawnMs }) => drawnMs)) / 1000, "s", `median of ${ROUNDS}`);
    say(`${what}: a chart answers the pointer`, median(opened.map(({ answerMs }) => answerMs)), "ms", `median of ${ROUNDS}`);
    say(`${what}: interactive`, median(opened.map(({ drawnMs, answerMs }) => drawnMs + answerMs)) / 1000, "s", `median of ${ROUNDS} (goal < ${GOAL_SECONDS})`);
    const slowest = opened.map((one) => one.slowest).reduce((a, b) => (b.ms > a.ms ? b : a));
    say(`${what}: the slowest request that the server works for`, slowest.ms, "ms", slowest.name);
  } finally {
    await browser.close();
  }
}

await ensureChromium();
await ensureBuilt();
await withFolder(async (folder) => {
  const drover = await up(folder);
  try {
    await measure(drover);
  } finally {
    await drover.stop();
  }
});
