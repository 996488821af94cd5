import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{agent,bench,chaos,cli,components,db,domain,scripts,server}/**/*.test.{ts,tsx}", "*.test.ts"],
    // These start a real Slurm: `./drover test slurm` runs them.
    exclude: [...configDefaults.exclude, ...(process.env.DROVER_SLURM_TESTS ? [] : ["**/*.slurm.test.ts"])],
    globalSetup: ["scripts/test/vitest-setup.ts"],
    // Vitest leaves one core free for watching; the slowest files wait for other processes most of the time.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The address leads nowhere: a test that reaches for anything but its own database fails, instead of writing into yours.
    env: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", DROVER_SECRET: "only-for-tests-only-for-tests-only-for-tests", DROVER_URL: "http://localhost:7070", DROVER_LOG_LEVEL: "silent", NODE_ENV: "test" },
  },
});
