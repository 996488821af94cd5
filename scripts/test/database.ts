import { join } from "node:path";
import { mkdirSync } from "node:fs";
import { EmbeddedPostgres } from "../postgres/postmaster.ts";
import { ROOT } from "../root.ts";

/** A PostgreSQL for tests, quick and forgetful, kept under .drover/test so that the next run finds its template databases. */
export async function startTestDatabase(): Promise<EmbeddedPostgres> {
  const folder = join(ROOT, ".drover", "test");
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const server = new EmbeddedPostgres({ folder: join(folder, "postgres"), log: join(folder, "postgres.log"), durable: false, maxConnections: 300 });
  await server.start();
  return server;
}
