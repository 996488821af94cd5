import { type Stack, startStack } from "../chaos/stack.ts";
import { withFolder } from "./folder.ts";

/** Run a benchmark on a Drover of its own (built server, worker, agent, Postgres), and clean up after it. */
export async function withStack(measure: (stack: Stack) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const stack = await startStack(folder, { leaseSeconds: 90 }); // as installed
    try {
      await measure(stack);
    } finally {
      await stack.stop();
    }
  });
}

/** Where the Drover's own Postgres listens, for clients beside its processes. */
export function databaseUrlOf({ sql }: Stack, database = sql.options.database): string {
  const { host, port, user, pass } = sql.options;
  return `postgres://${user}:${encodeURIComponent(String(pass ?? ""))}@${host[0]}:${port[0]}/${database}`;
}
