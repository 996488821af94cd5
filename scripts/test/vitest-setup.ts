import { startTestDatabase } from "./database.ts";

/** vitest's global setup: a PostgreSQL for the run, unless TEST_DATABASE_URL names one. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DATABASE_URL) return undefined;
  const server = await startTestDatabase();
  process.env.TEST_DATABASE_URL = server.url("postgres");
  // One that was already running belongs to another test run, which stops it.
  return server.how === "adopted" ? undefined : () => server.stop();
}
