import { generateKeyPairSync } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import AxeBuilder from "@axe-core/playwright";
import { paths } from "../paths.ts";
import { keyFolder, reportSite, startSite } from "./embed-site.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { meteredRun } from "./metered-run.ts";
import { freePort, stackUnderTest } from "./stack.ts";

const MINUTE = 60_000;
/** Another frame on the site's own page: it says to the report's frame what the page would, and to the page what that frame would. */
const SPEAKER = `<script>
  addEventListener("message", ({ data: nonce }) => {
    parent.frames[0].postMessage({ type: "drover-token", nonce, token: "a.b.c" }, "*");
    for (const type of ["ready", "token-expiring", "error", "resize"]) parent.postMessage({ source: "drover-report", type, nonce, height: 1 }, "*");
    parent.postMessage("said", "*");
  });
  parent.postMessage("listening", "*");
</script>`;

test("a report stays while Drover or the page's own server is away, and goes on by itself once they are back", async ({ make, org, browser }) => {
  await make.prices(org, "1.50", "0");
  await meteredRun(make, org, new Date(Date.now() - 90 * MINUTE), new Date(Date.now() - 30 * MINUTE));
  const { env, port, folder } = await reportSite(make, org);
  const host = await startSite(env);
  const visitor = await browser.newContext();
  try {
    const shop = await visitor.newPage();
    await shop.clock.install();
    await shop.route("**/drover-token", (route) => route.fulfill({ status: 503 }));
    await shop.goto(`http://127.0.0.1:${port}/`);
    const frame = shop.frameLocator("drover-report iframe");
    await expect(frame.getByText("Waiting for the page around this frame")).toBeVisible();
    await expect(shop.locator("#event")).toHaveText(/error/);
    await shop.unroute("**/drover-token");
    const heading = frame.getByRole("heading", { name: "What it costs" });
    await shop.clock.runFor("00:10");
    await expect(heading).toBeVisible();

    await shop.route("**/api/embed/session", (route) => route.abort());
    const refused = shop.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/embed/session"));
    await shop.clock.runFor("04:01");
    await refused;
    await expect(shop.locator("#event")).toHaveText(/error/);
    await expect(heading).toBeVisible();
    await shop.unroute("**/api/embed/session");
    const renewed = shop.waitForResponse((response) => response.url().includes("/api/embed/report") && response.ok());
    await shop.clock.runFor("01:00");
    await renewed;
    await expect(heading).toBeVisible();
  } finally {
    host.kill();
    await visitor.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a report is shown live in a page of another site, by nobody else, and no more once the site is disabled", async ({ make, org, as, browser }) => {
  const { url } = stackUnderTest();
  await make.prices(org, "1.50", "0");
  await meteredRun(make, org, new Date(Date.now() - 90 * MINUTE), new Date(Date.now() - 30 * MINUTE));
  const pair = generateKeyPairSync("ed25519");
  const port = String(await freePort());
  const site = `http://127.0.0.1:${port}`;

  const page = await as("owner");
  await page.goto(paths.embeds(org.slug));
  await page.getByRole("button", { name: "Publish a report" }).click();
  await page.getByRole("dialog").getByLabel("Title").fill("What it costs");
  await page.getByRole("dialog").getByRole("button", { name: "Publish report" }).click();
  await expect(page.getByRole("row", { name: /What it costs.*Spend by project, last 30 days/ })).toBeVisible();
  await page.getByRole("button", { name: "Add a site" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a site" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Portal");
  await dialog.getByLabel("Origins").fill("https://*.example");
  await dialog.getByLabel("Public key").fill(pair.publicKey.export({ type: "spki", format: "pem" }).toString());
  await dialog.getByLabel("Every token must name projects").uncheck();
  await dialog.getByLabel("Figures may be downloaded").check();
  await dialog.getByRole("button", { name: "Add site" }).click();
  await expect(dialog.getByText("Write it as the browser does")).toBeVisible();
  await dialog.getByLabel("Origins").fill(site);
  await dialog.getByRole("button", { name: "Add site" }).click();
  await expect(page.getByRole("row", { name: /Portal.*every project, 1 report/ })).toBeVisible();
  await page.getByRole("button", { name: "Change Portal" }).click();
  await page.getByRole("menuitem", { name: "How to embed" }).click();
  const snippet = await page.getByRole("dialog", { name: "Show reports in Portal" }).locator("pre").first().textContent();
  const [client, report] = [/ecl_[\w-]+/.exec(snippet!)![0], /erp_[\w-]+/.exec(snippet!)![0]];
  await page.keyboard.press("Escape");

  const { folder, file } = keyFolder(pair.privateKey);
  const host = await startSite({ DROVER_URL: url, EMBED_CLIENT: client, EMBED_REPORT: report, EMBED_KEY_FILE: file, PORT: port });
  const evil = createServer((request, response) => response.writeHead(200, { "content-type": "text/html" }).end(request.url === "/speaker" ? SPEAKER : `<h1>Evil</h1><iframe src="${request.url === "/nested" ? `${site}/` : `${url}${paths.embedFrame(client)}`}"></iframe>`)).listen(0, "127.0.0.1");
  const visitor = await browser.newContext(); // signed in nowhere
  try {
    const shop = await visitor.newPage();
    const errors: string[] = [];
    const asked: Record<string, string>[] = [];
    shop.on("request", (request) => request.url().includes("/api/embed/report") && asked.push(request.headers()));
    shop.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const addresses: string[] = [];
    const tokens: string[] = [];
    shop.on("request", (request) => addresses.push(request.url(), request.url().startsWith(url) ? (request.headers().referer ?? "") : ""));
    shop.on("response", (response) => void (response.url().includes("token") && response.text().then((text) => tokens.push(text.trim()), () => {})));
    await shop.addInitScript(() => {
      const heard = ((window as unknown as { heard: unknown[] }).heard = [] as unknown[]);
      addEventListener("message", ({ data }: MessageEvent<unknown>) => heard.push(data));
    });
    await shop.goto(`${site}/`);
    const frame = shop.frameLocator("drover-report iframe");
    await expect(frame.getByRole("heading", { name: "What it costs" })).toBeVisible();
    await expect(frame.getByRole("row", { name: new RegExp(`^${org.project.name}.*\\$6\\.00`) })).toBeVisible({ timeout: 30_000 });
    await expect(shop.locator("#event")).toHaveText("loaded");
    await expect.poll(async () => (await shop.locator("drover-report iframe").boundingBox())!.height).not.toBe(480);
    expect((await new AxeBuilder({ page: shop }).include("drover-report").withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze()).violations).toEqual([]);
    const download = shop.waitForEvent("download");
    await frame.getByRole("button", { name: "CSV" }).click();
    expect((await download).suggestedFilename()).toMatch(/^costs-.*\.csv$/);
    expect(await visitor.cookies()).toEqual([]);
    await shop.locator("drover-report").evaluate((element) => {
      for (const name of ["background", "border"]) element.removeAttribute(name); // a ground says by itself whether it is a dark one
      element.setAttribute("theme", "dark");
    });
    await expect(frame.locator('html[data-mantine-color-scheme="dark"]')).toBeVisible();
    await expect(frame.getByRole("heading", { name: "What it costs" })).toBeVisible();
    expect(errors).toEqual([]);
    // A session that is over, as after the computer slept: the page is asked for another one, which gets the file. One that may not says so.
    const refuse = (times: number) => shop.route("**/api/embed/export?*", (route) => route.fulfill({ status: 401, json: { error: "refused" } }), { times });
    await refuse(1);
    const [late, renewal] = [shop.waitForEvent("download"), shop.waitForResponse((response) => response.url().endsWith("/api/embed/session"))];
    await frame.getByRole("button", { name: "CSV" }).click();
    expect([(await renewal).status(), (await late).suggestedFilename()]).toEqual([200, expect.stringMatching(/^costs-.*\.csv$/)]);
    await expect(frame.getByText(/The session had ended/)).toHaveCount(0);
    await refuse(2);
    await frame.getByRole("button", { name: "CSV" }).click();
    await expect(frame.getByText(/may not download the figures any more/)).toBeVisible();

    const stolen = asked[0]!;
    expect(stolen.authorization).toMatch(/^DPoP [\w-]{43}$/);
    for (const dpop of ["", stolen.dpop!]) expect((await fetch(`${url}/api/embed/report?id=${report}`, { headers: { authorization: stolen.authorization!, dpop } })).status).toBe(401); // of no use without the frame's key

    const stranger = await visitor.newPage();
    const refusals: string[] = [];
    stranger.on("console", (message) => refusals.push(message.text()));
    await stranger.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    await expect.poll(() => refusals.join(" ")).toContain("frame-ancestors");
    await stranger.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/nested`); // a page of the site itself, in a page of a stranger
    await expect.poll(() => refusals.filter((text) => text.includes("frame-ancestors")).length).toBeGreaterThan(1);
    await expect(stranger.frameLocator("iframe").frameLocator("drover-report iframe").getByRole("heading", { name: "What it costs" })).toHaveCount(0);

    // Whatever the page around says that is no answer to this frame's question changes nothing.
    const exchanges: string[] = [];
    shop.on("request", (request) => request.url().includes("/api/embed/session") && exchanges.push(request.url()));
    await shop.evaluate(() => {
      const inside = document.querySelector<HTMLIFrameElement>("drover-report iframe")!.contentWindow!;
      for (const said of [null, 7, "drover-token", [], { type: "drover-token" }, { type: "drover-token", nonce: "guessed", token: "a.b.c" }, { type: "drover-token", nonce: { $ne: 1 }, token: {} }]) inside.postMessage(said, "*");
      window.postMessage({ source: "drover-report", type: "resize", height: 1 }, "*"); // not from the frame
    });
    await expect(frame.getByRole("heading", { name: "What it costs" })).toBeVisible();
    expect((await shop.locator("drover-report iframe").boundingBox())!.height).toBeGreaterThan(100);
    expect(exchanges).toEqual([]);

    // Nor does what another frame of the page says, though it knows the question: the report's frame hears its parent alone, and the page that frame alone.
    await shop.evaluate((from) => {
      const speaker = document.createElement("iframe");
      speaker.src = from;
      speaker.name = "speaker";
      document.body.append(speaker);
    }, `http://127.0.0.1:${(evil.address() as AddressInfo).port}/speaker`);
    type Listening = typeof globalThis & { heard: unknown[] };
    await shop.waitForFunction(() => (globalThis as Listening).heard.includes("listening"));
    await shop.evaluate(() => {
      const asked = (globalThis as Listening).heard.find((said) => (said as { type?: unknown } | null)?.type === "ready") as { nonce: string };
      document.querySelector<HTMLIFrameElement>("iframe[name=speaker]")!.contentWindow!.postMessage(asked.nonce, "*");
    });
    const [given, event] = [tokens.length, await shop.locator("#event").textContent()];
    await shop.waitForFunction(() => (globalThis as Listening).heard.includes("said"));
    await shop.evaluate(async () => new Promise((done) => void setTimeout(done))); // what was said before is heard by now
    await expect(frame.getByRole("heading", { name: "What it costs" })).toBeVisible();
    expect((await shop.locator("drover-report iframe").boundingBox())!.height).toBeGreaterThan(100);
    expect([exchanges, tokens.length, await shop.locator("#event").textContent()]).toEqual([[], given, event]);

    // A frame that is not listed may not hold the report's either, though the page around it is.
    const inside: string[] = [];
    shop.on("console", (message) => inside.push(message.text()));
    await shop.evaluate((from) => document.querySelector<HTMLIFrameElement>("iframe[name=speaker]")!.setAttribute("src", from), `http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    await expect.poll(() => inside.join(" ")).toContain("frame-ancestors");

    // No address holds a secret, and none is told where the visitor was.
    const session = stolen.authorization!.slice("DPoP ".length);
    expect(tokens.length).toBeGreaterThan(0);
    addresses.push(...shop.frames().map((one) => one.url()));
    for (const secret of [session, ...tokens]) expect(addresses.filter((address) => address.includes(secret))).toEqual([]);
    expect(asked.map(({ referer }) => referer ?? "")).toEqual(asked.map(() => ""));

    const alone = await visitor.newPage();
    await alone.goto(`${url}${paths.embedFrame(client)}`); // in no frame: nobody gives it a token
    await expect(alone.getByText("Waiting for the page around this frame")).toBeVisible();

    await page.getByRole("button", { name: "Change Portal" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await page.getByRole("button", { name: "Disable site" }).click();
    await expect(page.getByRole("row", { name: /Portal · disabled/ })).toBeVisible();
    await shop.reload();
    await expect.poll(async () => shop.locator("drover-report iframe").evaluate(() => true)).toBe(true);
    await expect(frame.getByRole("heading", { name: "What it costs" })).toHaveCount(0);
  } finally {
    host.kill();
    evil.close();
    await visitor.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an owner publishes the view of spend that is narrowed, and nobody a view of people", async ({ make, org, as }) => {
  await make.prices(org, "1.50", "0");
  const page = await as("owner");
  await page.goto(`${paths.costs(org.slug)}?project=${org.project.slug}&by=kind&range=7d`);
  await page.getByRole("button", { name: "Publish this view" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish a report" });
  await expect(dialog.getByText(`Only project ${org.project.slug}`)).toBeVisible(); // nothing was spent yet, so that nobody is told its name
  await dialog.getByLabel("Title").fill("What one project held");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Publish report" }).click();
  await expect(dialog).toHaveCount(0);
  await page.goto(paths.embeds(org.slug));
  await expect(page.getByRole("row", { name: `What one project held Spend by resource, last 7 days; only project ${org.project.name}` })).toBeVisible();
  await page.goto(`${paths.costs(org.slug)}?by=person`);
  await expect(page.getByRole("table", { name: "Cost by person" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Publish this view" })).toHaveCount(0);
  const viewer = await as("viewer");
  await viewer.goto(`${paths.costs(org.slug)}?by=kind`);
  await expect(viewer.getByRole("table", { name: "Cost by resource" })).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Publish this view" })).toHaveCount(0);
});
