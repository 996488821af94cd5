import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
import { commandLine, listProcesses, signal } from "../agent/drivers/processes.ts";
import type { Dice } from "./dice.ts";
import type { Services, Stack } from "./stack.ts";

type Victim = keyof Services;
export interface Fault {
  says: string;
  apply: (stack: Stack) => Promise<void> | void;
}

/** Longer than a lease and the one after it (stack.ts): what asks to start again elsewhere then does. */
const OUTLASTING_MS = [6_500, 8_000] as const;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const kill = (victim: Victim): Fault => ({ says: `kill -9 ${victim}`, apply: ({ services }) => services[victim].signal("SIGKILL") });

/** A wrapper that stands still records its job's end as much later: what is metered may be longer by that. Summed up by stillMs. */
async function noteStill(folder: string, wrapper: number, ms: number): Promise<void> {
  const [, , attempt] = await commandLine(wrapper);
  if (attempt) appendFileSync(join(folder, "lives", `${basename(attempt)}.still`), `${ms}\n`);
}

/** What stands still may be killed meanwhile; whatever is left of it goes on in the end. Postgres stands still as a whole: its sessions are processes of their own. */
const freeze = (victim: Victim | "wrapper", ms: number, luck: number): Fault => ({
  says: `SIGSTOP ${victim === "wrapper" ? "a job's wrapper" : victim} for ${ms} ms`,
  apply: async ({ services, folder }) => {
    const pid = victim === "wrapper" ? oneOf(await wrapperPids(folder), luck) : services[victim].pid;
    if (!pid) return;
    const still = [pid];
    if (victim === "wrapper") await noteStill(folder, pid, ms);
    try {
      signal(pid, "SIGSTOP");
      if (victim === "postgres") still.push(...(await listProcesses()).filter(({ parent }) => parent === pid).map((row) => row.pid));
      for (const each of still) signal(each, "SIGSTOP");
      await pause(ms);
    } finally {
      for (const each of still) signal(each, "SIGCONT");
    }
  },
});

const cut = (ms: number): Fault => ({
  says: `cut the agent's network for ${ms} ms`,
  apply: async ({ proxy }) => {
    proxy.cut();
    await pause(ms);
    proxy.heal();
  },
});

const reset: Fault = { says: "reset the agent's connections", apply: ({ proxy }) => proxy.reset() };

const oneOf = (pids: readonly number[], luck: number): number | undefined => pids[Math.floor(luck * pids.length)];

/**
 * Process ids of the wrappers of live attempts. A wrapper leads its session: the child that it forks for the job carries the
 * same words until it has become the job's command, and killing that one is the job's own end, faithfully recorded.
 */
export async function wrapperPids(folder: string): Promise<number[]> {
  const attempts = join(folder, "agent", "attempts");
  const leaders = (await listProcesses()).filter((row) => row.pid === row.session && !row.zombie);
  const named = await Promise.all(leaders.map(async ({ pid }) => ({ pid, words: await commandLine(pid) })));
  return named.filter(({ words }) => words[0]?.endsWith("sh") && words.some((word) => word.startsWith(attempts))).map(({ pid }) => pid);
}

const killWrapper = (luck: number): Fault => ({
  says: "kill -9 a job's wrapper",
  apply: async ({ folder }) => {
    const pid = oneOf(await wrapperPids(folder), luck);
    if (pid !== undefined) signal(pid, "SIGKILL"); // the job may just have ended
  },
});

/** The next fault of a trial. */
export function nextFault(dice: Dice): Fault {
  const roll = dice.next();
  if (roll < 0.18) return kill("agent");
  if (roll < 0.36) return kill("server");
  if (roll < 0.48) return kill("worker");
  if (roll < 0.58) return kill("postgres");
  if (roll < 0.74) return freeze(dice.pick(["agent", "server", "worker", "postgres", "wrapper"]), dice.int(300, 5_000), dice.next());
  if (roll < 0.82) return cut(dice.int(200, 4_500));
  if (roll < 0.84) return cut(dice.int(...OUTLASTING_MS));
  if (roll < 0.92) return reset;
  return killWrapper(dice.next());
}
