import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.ts";
import { say, since, Trouble } from "../say.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const CURE = "Install Chromium (Debian: apt-get install chromium; elsewhere: npx playwright install --with-deps chromium), or set DROVER_CHROMIUM to a Chromium or Chrome.";

/** The browser that the tests drive; undefined when there is none, or only the one that Playwright itself keeps and finds. */
export const findChromium = (): string | undefined => process.env.DROVER_CHROMIUM ?? PLACES.find((place) => existsSync(place) && !isSnapStub(place));

/** Ubuntu's package leaves a script that only asks for the snap. */
const isSnapStub = (place: string): boolean => !existsSync("/snap/bin/chromium") && statSync(place).size < 16_384 && readFileSync(place, "utf8").includes("/snap/bin/chromium");

/**
 * Off in the tests' browser. The first two load pages of Chromium's own into each new window, which cost four times the CPU
 * of the window itself. The others are those that Playwright turns off: the last `--disable-features` is the one that counts.
 */
const FEATURES_OFF = [
  "WebUIOmniboxAimPopup", "WebUIOmniboxPopup", "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades",
  "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin", "ThirdPartyStoragePartitioning",
];

/** How Playwright starts it: it calls home for nothing. */
export const launchOptions = () => ({
  ...(findChromium() ? { executablePath: findChromium() } : {}),
  args: [`--disable-features=${FEATURES_OFF.join(",")}`, "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"],
});

/** @returns its path, after installing it where that is possible: from the distribution, or as Playwright brings it. */
export async function ensureChromium(): Promise<string> {
  const { chromium } = await import("@playwright/test");
  const found = findChromium() ?? [chromium.executablePath()].find((place) => existsSync(place));
  if (found) return found;
  const asRoot = rootPrefix();
  if (!asRoot || !existsSync("/usr/bin/apt-get")) throw new Trouble("The page tests need Chromium, and there is none.", CURE);
  const start = performance.now();
  say.step("installing Chromium for the page tests (once) …");
  install([...asRoot, "apt-get", "update", "-qq"]);
  const candidate = spawnSync("apt-cache", ["policy", "chromium"], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }).stdout;
  if (isInstallable(candidate)) install([...asRoot, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  else {
    say.step("apt has no Chromium here (Ubuntu's is a snap): Playwright's own is downloaded …");
    install([process.execPath, join(ROOT, "node_modules/@playwright/test/cli.js"), "install", "--with-deps", "chromium"]);
  }
  const installed = findChromium() ?? chromium.executablePath();
  if (!existsSync(installed)) throw new Trouble("Chromium was installed and is not where it should be.", CURE);
  say.done(`Chromium installed (${since(start)})`);
  return installed;
}

/** @param policy What `apt-cache policy chromium` says. Ubuntu has no such package, or an empty one that pulls the snap in. */
export const isInstallable = (policy: string): boolean => /Candidate: (?!\(none\))(?!.*snap)\S/.test(policy);

function install([command, ...args]: string[]): void {
  const done = spawnSync(command!, args, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  if (done.status !== 0) throw new Trouble(`Chromium could not be installed: ${(done.stderr || done.stdout).trim().split("\n").at(-1)}`, CURE);
}

/** Words before a command that needs root: none when we are root, sudo when it asks nothing. */
function rootPrefix(): string[] | null {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo"] : null;
}
