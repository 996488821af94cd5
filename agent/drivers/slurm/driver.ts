import { chmod, lchown, mkdir, open, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Duplex } from "node:stream";
import { writeDurably } from "../../disk.ts";
import { log, reason } from "../../log.ts";
import type { NodeReport, SchedulerReport } from "../../protocol/messages.ts";
import { SLURM_OVERRIDES } from "../../protocol/slurm.ts";
import { type AcceleratorUse, type Driver, type DriverCapabilities, type Entry, type Granted, type Launch, NotNow, type Observation } from "../driver.ts";
import { exists } from "../handle.ts";
import { launchersHere } from "../launchers.ts";
import { hasRanks, RANK_FILES, RANK_SCRIPT } from "../ranks.ts";
import { grantedOf, SlurmAccounting } from "./accounting.ts";
import { cancel } from "./cancel.ts";
import { SlurmClient, SlurmRefused } from "./client.ts";
import { foreignJobs } from "./foreign.ts";
import { callOver, untilGone } from "./gone.ts";
import { GpuSamples, SAMPLER, SAMPLER_SCRIPT } from "./gpus.ts";
import { Handles, type SlurmHandle } from "./handle.ts";
import { dialThrough, entryOf } from "./inside.ts";
import { readNodes } from "./inventory.ts";
import { Observer } from "./observe.ts";
import { type Called, calledOf, taskLink } from "./names.ts";
import { SlurmOutside } from "./outside.ts";
import { JobQueue } from "./queue.ts";
import { envScript, JOB_FILES, JOB_FOLDER } from "./script.ts";
import { phaseOf } from "./states.ts";
import { type GpuTypes, sbatchArgs } from "./submission.ts";
import { Submitter } from "./submitter.ts";
import { Surroundings } from "./surroundings.ts";
import { Topology } from "./topology.ts";
import { usageOf } from "./usage.ts";

const NODES_MS = 3_000;
const MOST_NODES = 10_000;
const LEAVE_MS = 15_000;

export interface SlurmDriverOptions {
  hasGit: boolean;
  /** Such as SLURM_CONF. */
  env?: Record<string, string>;
  /** A folder for what leads Slurm from a task of a job array to its attempt's log, on the file system that the nodes share. */
  links: string;
  /** False: no starts go together as one job array. */
  arrays?: boolean;
}

/** Runs attempts as jobs of a Slurm cluster. The state folder must be on a file system that its nodes share. */
export class SlurmDriver implements Driver {
  readonly placesItself = true;
  readonly accounting: SlurmAccounting;
  readonly outside: SlurmOutside;
  private readonly options: SlurmDriverOptions;
  private readonly client: SlurmClient;
  private readonly queue: JobQueue;
  private readonly observer: Observer;
  private readonly handles = new Handles();
  private readonly gpuSamples = new GpuSamples();
  /** Null until Slurm has told them once. */
  private nodes: { at: number; list: NodeReport[] | null } = { at: -Infinity, list: null };
  private readonly topology = new Topology();
  private readonly surroundings: Surroundings;
  private readonly submitter: Submitter;
  private readonly submitting = new Map<string, Promise<void>>();

  private constructor(options: SlurmDriverOptions) {
    this.options = options;
    this.client = new SlurmClient(options.env);
    this.queue = new JobQueue(this.client);
    this.surroundings = new Surroundings(this.client);
    this.accounting = new SlurmAccounting(this.client, this.handles);
    this.outside = new SlurmOutside(this.client, this.queue, this.accounting);
    this.submitter = new Submitter(this.client, this.handles, options);
    this.observer = new Observer(this.queue, (attemptId, folder) => this.preclude(attemptId, folder));
  }

  /** @throws Error where this host has no Slurm to talk to: a wrong set-up is better told at once. */
  static async open(options: SlurmDriverOptions): Promise<SlurmDriver> {
    const driver = new SlurmDriver(options);
    await driver.refreshNodes().catch((error: unknown) => {
      if (error instanceof SlurmRefused) throw error;
      log.warn("Slurm cannot be asked yet", { reason: reason(error) });
    });
    driver.client.makeReady();
    return driver;
  }

  async capabilities(): Promise<DriverCapabilities> {
    const maxNodes = this.nodes.list ? Math.max(1, this.nodes.list.length) : MOST_NODES; // what it has stands in the inventory, as soon as it is known
    return { driver: "slurm", maxNodes, launchers: await launchersHere(), git: this.options.hasGit, checkpoint: true, overrides: [...SLURM_OVERRIDES], memoryLimit: "cgroup" };
  }

  async inventory(): Promise<NodeReport[]> {
    if (performance.now() - this.nodes.at > NODES_MS) await this.refreshNodes().catch((error: unknown) => log.debug("The nodes stay as they were", { reason: reason(error) }));
    if (!this.nodes.list) throw new NotNow("scontrol: Slurm has not told of its nodes yet.");
    return this.nodes.list;
  }

  private async refreshNodes(): Promise<void> {
    this.nodes.at = performance.now(); // also where it fails: not again at once
    this.nodes.list = await readNodes(this.client, this.topology);
  }

  async scheduler(): Promise<SchedulerReport | null> {
    await this.queue.refresh();
    if (this.queue.askedAt === 0) return null; // not one answer yet: that is not a cluster that nobody else uses
    const seen = await this.surroundings.read();
    return seen && { ...seen, ...foreignJobs(this.queue.jobs()) };
  }

  onChange(): void {
    // Slurm tells nobody: the agent looks.
  }

  logs(folder: string) {
    return { stdout: path.join(folder, "stdout.log"), stderr: path.join(folder, "stderr.log") };
  }

  /** One at a time for one attempt: the look for an earlier job must not overtake the submit that makes it. */
  submit(launch: Launch): Promise<void> {
    const before = this.submitting.get(launch.attemptId) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.submitOnce(launch));
    this.submitting.set(launch.attemptId, turn);
    return turn.finally(() => {
      if (this.submitting.get(launch.attemptId) === turn) this.submitting.delete(launch.attemptId);
    });
  }

  private async submitOnce(launch: Launch): Promise<void> {
    const { attemptId, folder } = launch;
    if (await exists(path.join(folder, JOB_FOLDER, JOB_FILES.gate))) return;
    const handle = await this.handles.read(folder);
    if (handle?.job) return;
    if (handle && (await this.adopt(attemptId, folder, handle))) return;
    const bounds = launch.ask.maxSeconds === null ? null : await this.surroundings.read();
    const needs = sbatchArgs(launch, launch.ask.gpuModel === null ? { whole: [], shared: [] } : await this.gpuTypes(), bounds ?? undefined);
    await this.submitter.submit({ launch, needs, handle }, this.prepare(launch));
  }

  private async gpuTypes(): Promise<GpuTypes> {
    const all = (await this.inventory()).flatMap((node) => node.accelerators);
    const typesOf = (of: typeof all) => [...new Set(of.map((one) => one.model.toLowerCase()))].filter((type) => type !== "gpu");
    return { whole: typesOf(all), shared: typesOf(all.filter((one) => one.shares !== undefined)) };
  }

  /** A submit whose answer was lost, by a crash or by the network: the job is known by its name, if it was made. */
  private async adopt(attemptId: string, folder: string, handle: SlurmHandle): Promise<boolean> {
    await this.queue.refresh(0);
    if (!this.queue.reachable) throw new NotNow("squeue: Slurm cannot be asked whether it has this job already.");
    const called = calledOf(attemptId, handle);
    const found = this.queue.named(called)[0] ?? (await this.queue.searchPast(called, handle.at))[0];
    if (!found) return false;
    await this.handles.write(folder, { ...handle, job: found.id });
    return true;
  }

  /** Folders and files of the job, and the account's where it has one of its own. */
  private async prepare(launch: Launch): Promise<void> {
    const { folder, runAs } = launch;
    const job = path.join(folder, JOB_FOLDER);
    const ranks = path.join(folder, RANK_FILES.folder);
    const env = { ...launch.env };
    if (launch.ask.gpus > 0) delete env.CUDA_VISIBLE_DEVICES; // Slurm's to say
    for (const at of [job, ...(hasRanks(launch.ask) ? [ranks] : [])]) await mkdir(at, { recursive: true, mode: 0o700 });
    await Promise.all([
      writeFile(path.join(folder, RANK_FILES.script), RANK_SCRIPT, { mode: 0o755 }),
      writeFile(path.join(folder, SAMPLER), SAMPLER_SCRIPT, { mode: 0o755 }),
      // The folder is the account's once it was prepared before: whatever it has put there since is replaced, not written through.
      writeDurably(path.join(job, JOB_FILES.env), envScript(env)),
      ...Object.values(this.logs(folder)).map(async (file) => (await open(file, "a", 0o600)).close()),
    ]);
    if (!runAs) return;
    await chmod(folder, 0o711);
    const theirs = [job, path.join(job, JOB_FILES.env), ...Object.values(this.logs(folder)), ...(hasRanks(launch.ask) ? [ranks] : [])];
    for (const file of theirs) await lchown(file, runAs.uid, runAs.gid);
  }

  async observe(attemptId: string, folder: string): Promise<Observation> {
    const handle = await this.handles.read(folder);
    const seen = await this.observer.observe(attemptId, folder, handle);
    const [found] = handle?.job === null && !this.submitting.has(attemptId) ? this.queue.named(calledOf(attemptId, handle)) : [];
    if (handle && found) await this.handles.write(folder, { ...handle, job: found.id }); // the last agent died before it could
    return seen;
  }

  /**
   * `ask`: each process gets SIGTERM, and a job that waits is taken from the queue. Ranks are told through a file, since
   * mpirun and srun would end them at once. `kill`: SIGKILL to all of it.
   */
  async stop(attemptId: string, folder: string, how: "ask" | "kill"): Promise<void> {
    const handle = await this.handles.read(folder);
    const called = calledOf(attemptId, handle);
    const ids = await this.jobsOf(called, handle);
    await writeFile(path.join(folder, "asked"), "", { flag: "wx" }).catch(() => {}); // its time is that of the first
    await writeFile(path.join(folder, how === "ask" ? RANK_FILES.ask : RANK_FILES.over), "", { mode: 0o644 }).catch(() => {});
    if (ids.length === 0) return;
    if (how === "ask") {
      await this.scancel(called, ids, "--state=PENDING");
      if (!handle?.ranks) await this.scancel(called, ids, "--full", "--signal=TERM", "--state=RUNNING");
      return void this.queue.refresh(0);
    }
    for (const what of [["--full", "--signal=KILL"], []]) await this.scancel(called, ids, ...what);
    await this.untilOver(called, ids);
  }

  private async scancel(called: Called, ids: readonly string[], ...how: string[]): Promise<void> {
    await cancel(this.queue, called, ids, ...how).catch((error: unknown) => log.warn("scancel failed", { reason: reason(error) }));
  }

  /** Every job of the attempt: the one that was noted, and any other of its name. */
  private async jobsOf(called: Called, handle: SlurmHandle | null): Promise<string[]> {
    if (!handle) return [];
    await this.queue.refresh(0);
    const named = this.queue.named(called).filter((job) => phaseOf(job.state) !== "over").map((job) => job.id);
    const noted = handle.job && phaseOf(this.queue.find(handle.job, called)?.state ?? "PENDING") !== "over" ? [handle.job] : [];
    return [...new Set([...named, ...noted])];
  }

  private async untilOver(called: Called, ids: readonly string[]): Promise<boolean> {
    const deadline = performance.now() + LEAVE_MS;
    const over = () => ids.every((id) => phaseOf(this.queue.find(id, called)?.state ?? "COMPLETED") === "over");
    for (;;) {
      await this.queue.refresh(50);
      if (!this.queue.reachable || over()) return true;
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async preclude(attemptId: string, folder: string): Promise<boolean> {
    const job = path.join(folder, JOB_FOLDER);
    await mkdir(job, { recursive: true, mode: 0o700 });
    const taken = await mkdir(path.join(job, JOB_FILES.gate)).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    });
    if (taken) await writeFile(path.join(folder, "precluded"), "");
    else if (!(await exists(path.join(folder, "precluded")))) return false;
    const handle = await this.handles.read(folder);
    const called = calledOf(attemptId, handle);
    await this.scancel(called, await this.jobsOf(called, handle)); // it waits for a gate that is shut
    return true;
  }

  async sweep(attemptId: string, folder: string): Promise<void> {
    await callOver(folder);
    const handle = await this.handles.read(folder);
    const called = calledOf(attemptId, handle);
    const ids = await this.jobsOf(called, handle);
    if (ids.length > 0) {
      await this.scancel(called, ids.filter((id) => this.queue.find(id, called)?.state !== "COMPLETING"));
      if (!(await this.untilOver(called, ids))) log.warn("A job does not leave Slurm's queue", { attempt: attemptId, jobs: ids });
    }
    await untilGone(attemptId, folder, (id) => this.queue.find(id, called));
    if (handle?.array) await rm(taskLink(this.options.links, handle.array), { force: true });
    await rm(path.join(folder, JOB_FOLDER, JOB_FILES.env), { force: true }); // it may hold secrets
  }

  /** Of one that has begun, as squeue has it; of one that it has forgotten, as accounting has it, which hears of starts late. */
  async granted(attemptId: string, folder: string): Promise<Granted | null> {
    const handle = await this.handles.read(folder);
    if (!handle?.job) return null;
    const listed = await this.queue.begun(handle.job, calledOf(attemptId, handle));
    if (listed) return grantedOf(listed);
    const told = await this.accounting.read(new Map([[attemptId, (await this.accounting.jobOf(folder))!]]));
    const part = told.kind === "told" ? told.parts.get(attemptId)?.findLast(({ startedAt }) => startedAt !== null) : undefined;
    return part ? grantedOf(part) : null;
  }

  async enter(attemptId: string, folder: string, runAs: Launch["runAs"]): Promise<Entry> {
    return entryOf(await this.runningJob(attemptId, folder), runAs, this.client.env);
  }

  async dial(attemptId: string, folder: string, port: number, runAs: Launch["runAs"]): Promise<Duplex> {
    return dialThrough(await this.runningJob(attemptId, folder), port, runAs, this.client.env);
  }

  /** By its own number: srun and sstat know no other of a task. */
  private async runningJob(attemptId: string, folder: string): Promise<string> {
    const handle = await this.handles.read(folder);
    const called = calledOf(attemptId, handle);
    const [job] = await this.jobsOf(called, handle);
    if (!job) throw new Error("Slurm has no job of this attempt.");
    return this.queue.find(job, called)?.raw ?? job;
  }

  async usage(attempts: readonly { attemptId: string; folder: string }[]): Promise<Map<string, { cpuSeconds: number; memoryMib: number }>> {
    const jobs = new Map<string, string>();
    for (const { attemptId, folder } of attempts) {
      const handle = await this.handles.read(folder);
      const listed = handle?.job ? this.queue.find(handle.job, calledOf(attemptId, handle)) : undefined;
      const job = listed?.isApart ? listed.raw : handle?.array ? null : handle?.job;
      if (job) jobs.set(job, attemptId);
    }
    return usageOf(this.client, jobs);
  }

  acceleratorUse(attempts: readonly { folder: string; nodes: readonly string[] }[]): Promise<AcceleratorUse[]> {
    return this.gpuSamples.read(attempts.map(({ folder, nodes }) => ({ folder: path.join(folder, JOB_FOLDER), nodes })));
  }
}
