import { join } from "node:path";
import { commandLine, listProcesses } from "../agent/drivers/processes.ts";
import type { Dice } from "./dice.ts";
import type { Services, Stack } from "./stack.ts";

type Victim = keyof Services;
export interface Fault {
  says: string;
  apply: (stack: Stack) => Promise<void> | void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const kill = (victim: Victim): Fault => ({ says: `kill -9 ${victim}`, apply: ({ services }) => services[victim].signal("SIGKILL") });

const freeze = (victim: Victim, ms: number): Fault => ({
  says: `SIGSTOP ${victim} for ${ms} ms`,
  apply: async ({ services }) => {
    const { pid } = services[victim];
    services[victim].signal("SIGSTOP");
    await pause(ms);
    if (pid === services[victim].pid) services[victim].signal("SIGCONT");
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
    const pids = await wrapperPids(folder);
    const pid = pids[Math.floor(luck * pids.length)];
    if (pid === undefined) return;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // the job had just ended
    }
  },
});

/** The next fault of a trial. */
export function nextFault(dice: Dice): Fault {
  const roll = dice.next();
  if (roll < 0.18) return kill("agent");
  if (roll < 0.36) return kill("server");
  if (roll < 0.48) return kill("worker");
  if (roll < 0.58) return kill("postgres");
  if (roll < 0.74) return freeze(dice.pick(["agent", "server", "worker"]), dice.int(300, 5_000));
  if (roll < 0.84) return cut(dice.int(200, 4_500));
  if (roll < 0.92) return reset;
  return killWrapper(dice.next());
}
