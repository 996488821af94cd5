import { join } from "node:path";
import { EmbeddedPostgres } from "../postgres/postmaster.ts";
import { ROOT } from "../root.ts";
import { takeFolder } from "./own-folder.ts";

/**
 * A PostgreSQL of this run alone, quick and forgetful, kept under .drover/test so that a later run finds its template
 * databases. One that a killed run left running is taken over, and stopped like one's own.
 */
export async function startTestDatabase(): Promise<EmbeddedPostgres> {
  const folder = takeFolder(join(ROOT, ".drover", "test"), "postgres");
  const server = new EmbeddedPostgres({ folder, log: `${folder}.log`, durable: false, maxConnections: 300 });
  await server.start();
  return server;
}
