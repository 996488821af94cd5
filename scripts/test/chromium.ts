import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { say, since, Trouble } from "../say.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const CURE = "Install Chromium (Debian: apt-get install chromium), or set DROVER_CHROMIUM to a Chromium or Chrome.";

/** The browser that the tests drive; undefined when there is none. */
export const findChromium = (): string | undefined => process.env.DROVER_CHROMIUM ?? PLACES.find((place) => existsSync(place));

/** How Playwright starts it: nothing is downloaded, and it calls home for nothing. */
export const launchOptions = () => ({
  ...(findChromium() ? { executablePath: findChromium() } : {}),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"],
});

/** @returns its path, after installing it from the distribution where that is possible. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found) return found;
  const asRoot = rootPrefix();
  if (!asRoot || !existsSync("/usr/bin/apt-get")) throw new Trouble("The page tests need Chromium, and there is none.", CURE);
  const start = performance.now();
  say.step("installing Chromium for the page tests (once) …");
  for (const args of [["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]]) {
    const [command, ...rest] = [...asRoot, "apt-get", ...args];
    const done = spawnSync(command!, rest, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    if (done.status !== 0) throw new Trouble(`Chromium could not be installed: ${done.stderr.trim().split("\n").at(-1)}`, CURE);
  }
  const installed = findChromium();
  if (!installed) throw new Trouble("Chromium was installed and is not where it should be.", CURE);
  say.done(`Chromium installed (${since(start)})`);
  return installed;
}

/** Words before a command that needs root: none when we are root, sudo when it asks nothing. */
function rootPrefix(): string[] | null {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo"] : null;
}
