import { rmSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { reportSite, startSite } from "./embed-site.ts";
import { expect, test } from "./fixtures.ts";
import { meteredRun } from "./metered-run.ts";

const MINUTE = 60_000;
const AXE = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
type Told = { token: string; reason: string };

const dress = (shop: Page, looks: Record<string, string | null>) =>
  shop.locator("drover-report").evaluate((element, all) => {
    const window = globalThis as unknown as { told?: Told[] };
    if (!window.told) element.addEventListener("theme-warning", (event) => window.told!.push((event as CustomEvent<Told>).detail));
    window.told = [];
    for (const [name, value] of Object.entries(all)) {
      if (value === null) element.removeAttribute(name);
      else element.setAttribute(name, value);
    }
  }, looks);
const told = (shop: Page) => shop.evaluate(() => (globalThis as unknown as { told: Told[] }).told.map(({ token, reason }) => `${token} ${reason}`));

test("a report wears the colours, font and density of the site around it, stays readable in any, and takes nothing else from it", async ({ make, org, browser }) => {
  await make.prices(org, "1.50", "0");
  await meteredRun(make, org, new Date(Date.now() - 90 * MINUTE), new Date(Date.now() - 30 * MINUTE));
  const { env: site, port, folder } = await reportSite(make, org);
  let host = await startSite(site);
  const visitor = await browser.newContext();
  try {
    const shop = await visitor.newPage();
    const asked: string[] = [];
    shop.on("request", (request) => asked.push(request.url()));
    const frame = shop.frameLocator("drover-report iframe");
    const heading = frame.getByRole("heading", { name: "What it costs" });
    const cell = frame.getByRole("cell").first();
    const meter = frame.getByRole("meter").first().locator("span");
    await expect(async () => {
      await shop.goto(`http://127.0.0.1:${port}/`);
      await expect(meter).toBeVisible({ timeout: 5_000 }); // once a worker has rated the hours
    }).toPass({ timeout: 60_000 });
    await expect(frame.locator("body")).toHaveCSS("background-color", "rgb(255, 253, 247)");
    await expect(frame.locator("body")).toHaveCSS("font-family", /^Georgia/);
    await expect(meter).toHaveCSS("background-color", "rgb(11, 110, 79)");
    await expect.poll(async () => (await cell.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    expect((await new AxeBuilder({ page: shop }).include("drover-report").withTags(AXE).analyze()).violations).toEqual([]);

    // Nothing of it could be read as it is asked for: it is moved until it can, and the page is told.
    await dress(shop, { background: "#10341f", foreground: "#10341f", muted: "#123", accent: "#000", border: null, density: "compact", font: "mono" });
    await expect(frame.locator("body")).toHaveCSS("background-color", "rgb(16, 52, 31)");
    await expect(frame.locator('html[data-mantine-color-scheme="dark"]')).toBeVisible();
    await expect(meter).toBeVisible();
    expect((await new AxeBuilder({ page: shop }).include("drover-report").withTags(AXE).analyze()).violations).toEqual([]);
    await expect.poll(() => told(shop)).toEqual(expect.arrayContaining(["foreground contrast", "muted contrast", "accent contrast"]));
    await expect.poll(async () => (await cell.boundingBox())!.height).toBeLessThan(34);

    // What is no colour, number or name of a list is left out; no text becomes a style, and nothing is fetched for it.
    const evil = "https://evil.example/x";
    await dress(shop, { background: "#fff;}body{display:none}/*", foreground: `url(${evil})`, muted: "expression(alert(1))", accent: `#fff url(${evil})`, border: "</style><script>document.title='evil'</script>", radius: "4px;position:fixed", font: `x;src:url(${evil})`, density: "huge" });
    await expect(heading).toBeVisible();
    await expect(frame.locator("body")).toHaveCSS("background-color", /rgb\(251, 251, 252\)/);
    await expect.poll(() => told(shop)).toEqual(["accent", "background", "foreground", "muted", "border", "radius", "font", "density"].map((token) => `${token} invalid`));
    expect(asked.filter((address) => address.startsWith("https://evil.example"))).toEqual([]);
    expect(await frame.locator("html").evaluate((html) => [html.getAttribute("style") ?? "", html.ownerDocument.title].join()).then((text) => /evil|url|script|;}/.test(text))).toBe(false);

    // The token's word counts before the page's, and one that is wrong opens nothing.
    host.kill();
    host = await startSite({ ...site, EMBED_THEME: JSON.stringify({ background: "#101418", accent: "#ffcc00" }) });
    await shop.goto(`http://127.0.0.1:${port}/`);
    await expect(frame.locator("body")).toHaveCSS("background-color", "rgb(16, 20, 24)");
    await expect(meter).toHaveCSS("background-color", "rgb(255, 204, 0)");
    host.kill();
    host = await startSite({ ...site, EMBED_THEME: JSON.stringify({ background: "red" }) });
    await shop.goto(`http://127.0.0.1:${port}/`);
    await expect(shop.locator("#event")).toHaveText("error refused");
    await expect(heading).toHaveCount(0);
  } finally {
    host.kill();
    await visitor.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
