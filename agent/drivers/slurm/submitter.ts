import { lchown, mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { SetupFailed } from "../../code/setup-failed.ts";
import { writeDurably } from "../../disk.ts";
import { failpoint } from "../../failpoint.ts";
import { log, reason } from "../../log.ts";
import type { Launch } from "../driver.ts";
import { exists } from "../handle.ts";
import { hasRanks } from "../ranks.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import type { Handles, SlurmHandle } from "./handle.ts";
import { arrayName, taskLink } from "./names.ts";
import { arrayScript, JOB_FILES, JOB_FOLDER, jobScript, START_SCRIPT } from "./script.ts";
import { arrayArgs, jobArgs } from "./submission.ts";

/** In one array: its script, which each of its tasks reads, names them all. */
const MOST_TASKS = 200;
/** An administrator may change it; Slurm then reads its configuration anew. */
const CONFIG_MS = 10 * 60_000;

/** An attempt that is prepared, and that Slurm does not have. */
interface Start {
  launch: Launch;
  /** What sbatch is told of its needs. */
  needs: string[];
  /** As it is journaled: of a submit whose answer was lost. */
  handle: SlurmHandle | null;
}
interface Waiting extends Start {
  /** The how manieth: Slurm starts an array's tasks by their index. */
  turn: number;
  /** What stands in the journal already, of a start that came alone. */
  journaled: SlurmHandle | null;
  resolve: () => void;
  reject: (error: unknown) => void;
}
type Task = Waiting & { array: { name: string; index: number } };

/** Those that go together must agree in this. A name that was journaled stays: by it a second submit finds the first. */
function groupOf({ launch: { attemptId, folder, runAs }, needs, handle }: Start): string {
  return JSON.stringify([needs, runAs && [runAs.uid, runAs.gid], path.dirname(folder), handle && (handle.array?.name ?? attemptId)]);
}

/** Of `scontrol show config`: how many tasks an array may have; 1 is no array. */
export const mostTasks = (config: string): number => Math.max(1, Math.min(MOST_TASKS, Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1)));

/**
 * Gives starts to Slurm. Those that come while others like them are prepared or on their way there wait for these, and go
 * together as one job array: one request to the controller, however many they are. One that is alone waits for nobody.
 */
export class Submitter {
  private readonly client: SlurmClient;
  private readonly handles: Handles;
  private readonly links: string;
  private readonly arrays: boolean;
  private readonly groups = new Map<string, Waiting[]>();
  private readonly coming = new Set<Promise<unknown>>();
  private turns = 0;
  private config: { at: number; most: number } | null = null;

  /**
   * @param links The folder of what leads from an array's task to its attempt's log.
   * @param arrays False: each start is a job of its own.
   */
  constructor(client: SlurmClient, handles: Handles, { links, arrays = true }: { links: string; arrays?: boolean }) {
    this.client = client;
    this.handles = handles;
    this.links = links;
    this.arrays = arrays;
  }

  /** Resolves when Slurm has it and the journal says so. @param prepared Its files are there. */
  submit(start: Start, prepared: Promise<unknown>): Promise<void> {
    let outcome!: Promise<void>;
    const turn = (this.turns += 1);
    const isAlone = this.coming.size === 0 && this.groups.size === 0 && start.handle === null;
    const journaled = isAlone ? handleOf(start.launch, null) : null; // most likely a job of its own: beside its files, not after them
    const queued = Promise.all([prepared, journaled && this.handles.write(start.launch.folder, journaled)]).then(() => {
      outcome = this.queue({ ...start, turn, journaled });
      outcome.catch(() => {}); // whoever called hears of it
    });
    this.coming.add(queued);
    queued.catch(() => {}).finally(() => this.coming.delete(queued));
    return queued.then(() => outcome);
  }

  private queue(start: Start & Pick<Waiting, "turn" | "journaled">): Promise<void> {
    const group = groupOf(start);
    return new Promise((resolve, reject) => {
      const waiting = this.groups.get(group);
      if (waiting) return void waiting.push({ ...start, resolve, reject });
      this.groups.set(group, [{ ...start, resolve, reject }]);
      void this.work(group);
    });
  }

  private async work(group: string): Promise<void> {
    const waiting = this.groups.get(group)!;
    while (waiting.length > 0) {
      await Promise.allSettled([...this.coming]); // a few milliseconds, or none
      const most = waiting.length === 1 ? 1 : await this.most();
      const all = waiting.splice(0).toSorted((a, b) => a.turn - b.turn);
      await Promise.all(Array.from({ length: Math.ceil(all.length / most) }, (_, at) => this.send(all.slice(at * most, (at + 1) * most))));
    }
    this.groups.delete(group);
  }

  private async most(): Promise<number> {
    if (!this.arrays) return 1;
    if (!this.config || performance.now() - this.config.at > CONFIG_MS) {
      const text = await this.client.run("scontrol", ["show", "config"]).catch(() => null);
      if (text === null) return 1; // not known yet
      this.config = { at: performance.now(), most: mostTasks(text) };
    }
    return this.config.most;
  }

  /** Each hears what became of it. */
  private async send(starts: readonly Waiting[]): Promise<void> {
    // Whoever waited may have been stopped meanwhile.
    const shut = await Promise.all(starts.map(({ launch }) => exists(path.join(launch.folder, JOB_FOLDER, JOB_FILES.gate))));
    for (const [at, { resolve }] of starts.entries()) if (shut[at]) resolve();
    const left = starts.filter((_, at) => !shut[at]);
    const [first] = left;
    if (!first) return;
    if (left.length === 1 && !first.handle?.array) return settle(left, await this.sendJob(first).then(() => null, (error: unknown) => error));
    const name = first.handle?.array?.name ?? arrayName(left.map(({ launch }) => launch.attemptId));
    await this.sendTasks(left.map((start, at) => ({ ...start, array: start.handle?.array ?? { name, index: at } })));
  }

  /** Where Slurm refuses them together it may take some, such as when its limit of submitted jobs is near: each is then asked for alone, as the task that it is. */
  private async sendTasks(tasks: readonly Task[]): Promise<void> {
    const error = await this.sendArray(tasks).then(() => null, (thrown: unknown) => thrown);
    if (!(error instanceof SlurmRefused) || tasks.length === 1) return settle(tasks, error);
    log.info("Slurm does not take a job array, so each of its tasks is submitted alone", { tasks: tasks.length, reason: reason(error) });
    for (const task of tasks) await this.sendTasks([task]);
  }

  private async sendArray(tasks: readonly Task[]): Promise<void> {
    const [{ launch: { runAs }, needs, array: { name } }] = tasks as [Task];
    const indexes = tasks.map(({ array }) => array.index);
    const handles = tasks.map(({ launch, array }) => handleOf(launch, array));
    // Every one of them before Slurm hears of any.
    await mkdir(this.links, { recursive: true, mode: 0o711 }); // a job's account passes through
    await Promise.all(tasks.flatMap(({ launch, array }, at) => [this.handles.write(launch.folder, handles[at]!), writeScript(launch), linkLog(taskLink(this.links, array), launch)]));
    failpoint("agent.launch.before-spawn");
    const script = arrayScript(tasks.map(({ launch: { folder }, array: { index } }) => ({ folder, index })));
    const job = await this.client.sbatch([...needs, ...arrayArgs(name, indexes, tasks.map(({ launch }) => launch), this.links)], script, runAs);
    failpoint("agent.launch.after-spawn");
    await Promise.all(tasks.map(({ launch, array: { index } }, at) => this.handles.write(launch.folder, { ...handles[at]!, job: `${job}_${index}` })));
  }

  private async sendJob({ launch, needs, journaled }: Waiting): Promise<void> {
    const handle = journaled ?? handleOf(launch, null);
    if (!journaled) await this.handles.write(launch.folder, handle);
    failpoint("agent.launch.before-spawn");
    const job = await this.client.sbatch([...needs, ...jobArgs(launch)], jobScript(launch), launch.runAs);
    failpoint("agent.launch.after-spawn");
    await this.handles.write(launch.folder, { ...handle, job });
  }
}

const handleOf = ({ ask, memoryMib }: Launch, array: SlurmHandle["array"]): SlurmHandle => ({ at: Date.now(), job: null, ranks: hasRanks(ask), limitMib: memoryMib, array });

/** Read by the job, and by no other account: the command may tell much. */
async function writeScript(launch: Launch): Promise<void> {
  const file = path.join(launch.folder, START_SCRIPT);
  await writeDurably(file, jobScript(launch));
  if (launch.runAs) await lchown(file, launch.runAs.uid, launch.runAs.gid);
}

/** Slurm knows a task's log by the task's index alone. It may be there from an earlier try. */
async function linkLog(link: string, { folder }: Launch): Promise<void> {
  await symlink(path.join(folder, JOB_FOLDER, JOB_FILES.slurm), link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function settle(starts: readonly Waiting[], error: unknown): void {
  for (const { resolve, reject } of starts) {
    if (error === null) resolve();
    else reject(error instanceof SlurmRefused ? new SetupFailed(error.message) : error);
  }
}
