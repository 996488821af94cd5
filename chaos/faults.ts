import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
import { commandLine, listProcesses, signal } from "../agent/drivers/processes.ts";
import type { Dice } from "./dice.ts";
import type { Loss, Site } from "./site.ts";
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

export const cut = (ms: number): Fault => ({
  says: `cut the agents' connections for ${ms} ms`,
  apply: async ({ proxy }) => {
    proxy.cut();
    await pause(ms);
    proxy.heal();
  },
});

const LOSSES: Record<Loss, string> = { everything: "take down the agents' link", requests: "lose what the agents send", answers: "lose what the agents are sent" };

/** Nobody is told of it, unlike of a cut: whoever waits for an answer goes on waiting. */
const lose = (site: Site, what: Loss, ms: number): Fault => ({
  says: `${LOSSES[what]} for ${ms} ms`,
  apply: async () => {
    const heal = site.cut(what);
    await pause(ms);
    heal();
  },
});

/** Where agents and server are on one machine only the proxy can cut: the dice fall as often, so that the schedule is the same. */
export function silence({ site }: Stack, dice: Dice, ms: number): Fault {
  const what = dice.pick(["everything", "everything", "requests", "answers"] as const);
  return site ? lose(site, what, ms) : cut(ms);
}

const reset: Fault = { says: "reset the agents' connections", apply: ({ proxy }) => proxy.reset() };

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
export function nextFault(stack: Stack, dice: Dice): Fault {
  const roll = dice.next();
  if (roll < 0.17) return kill("agent");
  if (roll < 0.34) return kill("server");
  if (roll < 0.44) return kill("worker");
  if (roll < 0.53) return kill("postgres");
  if (roll < 0.68) return freeze(dice.pick(["agent", "server", "worker", "postgres", "wrapper"]), dice.int(300, 5_000), dice.next());
  if (roll < 0.73) return cut(dice.int(200, 4_500));
  if (roll < 0.74) return cut(dice.int(...OUTLASTING_MS));
  if (roll < 0.82) return silence(stack, dice, dice.int(200, 4_500));
  if (roll < 0.85) return silence(stack, dice, dice.int(...OUTLASTING_MS));
  if (roll < 0.92) return reset;
  return killWrapper(dice.next());
}
