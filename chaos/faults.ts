import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
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

/** Process ids that the agent's journal holds for the wrappers of live attempts. */
function wrapperPids(folder: string): number[] {
  const attempts = join(folder, "agent", "attempts");
  if (!existsSync(attempts)) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
        return words[0]!.endsWith("sh") && words.some((word) => word.startsWith(attempts));
      } catch {
        return false;
      }
    })
    .map(Number);
}

const killWrapper = (luck: number): Fault => ({
  says: "kill -9 a job's wrapper",
  apply: ({ folder }) => {
    const pids = wrapperPids(folder);
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
