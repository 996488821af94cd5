import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "../chaos/stack.ts";

/** Run a benchmark on a Drover of its own (built server, worker, agent, Postgres), and clean up after it. */
export async function withStack(measure: (stack: Stack) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "drover-bench-"));
  chmodSync(folder, 0o711); // as root, the database runs as another user
  const stack = await startStack(folder, { leaseSeconds: 90 }); // as installed
  try {
    await measure(stack);
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the Drover's own Postgres listens, for clients beside its processes. */
export function databaseUrlOf({ sql }: Stack, database = sql.options.database): string {
  const { host, port, user, pass } = sql.options;
  return `postgres://${user}:${encodeURIComponent(String(pass ?? ""))}@${host[0]}:${port[0]}/${database}`;
}
