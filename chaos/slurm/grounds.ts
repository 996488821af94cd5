import { signal } from "../../agent/drivers/processes.ts";
import type { Dice } from "../dice.ts";
import { cut, type Fault, silence } from "../faults.ts";
import { until } from "../processes.ts";
import type { Grounds } from "../trial.ts";
import type { SlurmWorld } from "./world.ts";

const HEAL_SECONDS = 90;
/** A controller that was killed may take a job that ended just before for running, until its node has been asked. */
const EMPTY_SECONDS = 150;
/** A job that Slurm could not start on its node waits two minutes until Slurm tries again. */
const CONVERGE_SECONDS = 210;

/** A poll waits a third of the lease of 30 seconds (world.ts). */
const PAST_A_POLL_MS = [10_500, 14_000] as const;
/** Longer than the lease, at times than the one after it too: what asks to start again then does. */
const OUTLASTING_MS = [32_000, 66_000] as const;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Kills and restarts of Slurm's daemons. Faults overlap, but of one daemon each waits for the one before. */
class Daemons {
  readonly names: string[];
  private readonly lab: SlurmWorld["lab"];
  private readonly turns = new Map<string, Promise<void>>();

  constructor(lab: SlurmWorld["lab"]) {
    this.lab = lab;
    this.names = ["munged", "slurmctld", "slurmdbd", ...lab.nodes.map((node) => `slurmd.${node}`)];
  }

  private inTurn(name: string, act: () => Promise<void>): Promise<void> {
    const turn = (this.turns.get(name) ?? Promise.resolve()).then(act);
    this.turns.set(name, turn);
    return turn;
  }

  kill(name: string, ms: number): Fault {
    return { says: `kill -9 ${name}, started again after ${ms} ms`, apply: () => this.inTurn(name, async () => {
      await this.lab.kill(name);
      await pause(ms);
      this.lab.daemon(name).start();
    }) };
  }

  freeze(name: string, ms: number): Fault {
    return { says: `SIGSTOP ${name} for ${ms} ms`, apply: () => this.inTurn(name, async () => {
      const { pid } = this.lab.daemon(name);
      if (pid === null) return;
      signal(pid, "SIGSTOP");
      await pause(ms);
      signal(pid, "SIGCONT");
    }) };
  }

  /** A daemon that did not come up, for another one that was down just then, is started again: whoever runs Slurm does so too. */
  async heal(): Promise<void> {
    await Promise.all(this.turns.values());
    await until("every machine of Slurm to take work", async () => {
      for (const name of this.names) if (!this.lab.daemon(name).running) this.lab.daemon(name).start();
      await this.lab.resumeDrained();
      return this.lab.untilIdle(3).then(() => true);
    }, HEAL_SECONDS);
    const delayed = (await this.lab.run("squeue", ["-h", "-t", "PENDING", "-o", "%i %r"])).split("\n").filter((line) => line.endsWith(" BeginTime")).map((line) => line.split(" ")[0]!);
    for (const job of delayed) await this.lab.run("scontrol", ["update", `jobid=${job}`, "starttime=now"]).catch(() => {}); // it may just have started
  }
}

/** The agent of a real Slurm: it and Slurm's daemons are struck, now and then the server, the worker and the network between. */
export function slurmGrounds(world: SlurmWorld, runCount: number): Grounds {
  const { stack, lab, agent } = world;
  const daemons = new Daemons(lab);
  const slurmd = (dice: Dice) => `slurmd.${dice.pick(lab.nodes)}`;
  return {
    cluster: "slurm-lab",
    memoryMib: 64,
    runCount,
    together: 6, // so that some become job arrays
    restarts: true,
    convergeSeconds: CONVERGE_SECONDS,
    nextFault: (dice) => {
      const roll = dice.next();
      const ms = dice.int(100, 4_000);
      if (roll < 0.18) return { says: "kill -9 the Slurm agent", apply: () => agent.signal("SIGKILL") };
      if (roll < 0.34) return daemons.kill("slurmctld", ms);
      if (roll < 0.48) return daemons.kill(slurmd(dice), ms);
      if (roll < 0.59) return daemons.kill("munged", ms);
      if (roll < 0.66) return daemons.kill("slurmdbd", ms);
      if (roll < 0.76) return daemons.freeze(dice.pick(["slurmctld", "munged", slurmd(dice)]), ms);
      if (roll < 0.81) return { says: "kill -9 server", apply: () => stack.services.server.signal("SIGKILL") };
      if (roll < 0.85) return { says: "kill -9 worker", apply: () => stack.services.worker.signal("SIGKILL") };
      if (roll < 0.89) return cut(ms);
      if (roll < 0.95) return silence(stack, dice, ms);
      if (roll < 0.985) return silence(stack, dice, dice.int(...PAST_A_POLL_MS));
      return silence(stack, dice, dice.int(...OUTLASTING_MS));
    },
    heal: async () => {
      stack.proxy.heal();
      await daemons.heal();
    },
    inspect: () => until("Slurm's queue to be empty", async () => {
      const left = (await lab.run("squeue", ["-h", "-o", "%i %j %T %r %N"])).trim();
      if (left === "") return true;
      throw new Error(`it holds ${left}`);
    }, EMPTY_SECONDS).then(() => [], (error: Error) => [error.message]),
  };
}
