import { defineConfig } from "@playwright/test";
import { launchOptions } from "./scripts/test/chromium.ts";

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
  use: { browserName: "chromium", launchOptions: launchOptions(), viewport: { width: 1440, height: 900 }, trace: "on-first-retry", screenshot: "only-on-failure", contextOptions: { reducedMotion: "reduce" } },
  projects: [
    // The printed link works once, before there is any owner: this goes first, alone.
    { name: "spine", testMatch: "spine.spec.ts", timeout: 300_000, use: { trace: "retain-on-failure" } },
    { name: "pages", testIgnore: "spine.spec.ts", dependencies: ["spine"], retries: 1 }, // a second try is reported as flaky
  ],
});
