import { defineConfig } from "@playwright/test";
import { findChromium } from "./scripts/test/chromium.ts";

/** Chromium of the distribution: nothing is downloaded. `./drover test e2e` installs it where it is missing. */
const launchOptions = {
  ...(findChromium() ? { executablePath: findChromium() } : {}),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"],
};

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/stack.ts",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions, viewport: { width: 1440, height: 900 }, trace: "on-first-retry", screenshot: "only-on-failure", contextOptions: { reducedMotion: "reduce" } },
  projects: [
    // The printed link works once, before there is any owner: this goes first, alone.
    { name: "spine", testMatch: "spine.spec.ts", timeout: 300_000, use: { trace: "retain-on-failure" } },
    { name: "pages", testIgnore: "spine.spec.ts", dependencies: ["spine"], retries: 1 }, // a second try is reported as flaky
  ],
});
