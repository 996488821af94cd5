import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestDatabase } from "./database.ts";

/** vitest's global setup: a PostgreSQL for the run, unless TEST_DATABASE_URL names one, and a folder for objects. */
export default async function setup(): Promise<() => Promise<void>> {
  const objects = mkdtempSync(join(tmpdir(), "drover-objects-"));
  process.env.DROVER_OBJECTS = objects;
  const server = process.env.TEST_DATABASE_URL ? null : await startTestDatabase();
  if (server) process.env.TEST_DATABASE_URL = server.url("postgres");
  return async () => {
    await server?.stop();
    rmSync(objects, { recursive: true, force: true });
  };
}
