import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunDetail } from "../../domain/experiments/run-view.ts";
import { ensureBundles } from "../../scripts/build.ts";
import type { LabShape } from "../../scripts/test/slurm/config.ts";
import { SlurmLab } from "../../scripts/test/slurm/lab.ts";
import { type Supervised, until } from "../processes.ts";
import type { Site } from "../site.ts";
import { agentProcess, enrolAgent, enrolmentCode, startStack, type Stack } from "../stack.ts";

/** System programs only: the lab's Python with PyTorch, and mpirun. */
const PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
type Spec = Parameters<Stack["api"]["experiments"]["submit"]["mutate"]>[0]["spec"];

/** Drover as it is installed, with an agent on a real Slurm. */
export interface SlurmWorld {
  stack: Stack;
  lab: SlurmLab;
  agent: Supervised;
  clusterId: string;
  /** First on the agent's path, and so on that of its jobs. */
  bin: string;
  submit: (spec: Partial<Spec> & { name: string; command: Spec["command"] }) => Promise<string>;
  get: (id: string) => Promise<RunDetail>;
  /** @throws Error that says where it stands instead. */
  untilStatus: (id: string, status: string, seconds?: number) => Promise<RunDetail>;
  /** It runs, and what Slurm calls its job has been heard too. */
  untilJob: (id: string) => Promise<string>;
  /** Of the last attempt, both streams. */
  output: (id: string) => Promise<string>;
  /** @param keep Leaves its folder for reading. */
  stop: (keep?: boolean) => Promise<void>;
}

/** @param site Where all of Slurm runs, and the agents with it; null: beside the server. */
export async function startSlurmWorld(site: Site | null = null, shape: Partial<LabShape> = {}): Promise<SlurmWorld> {
  await ensureBundles(["server", "worker", "agent"]);
  const folder = mkdtempSync(join(tmpdir(), "drover-slurm-world-"));
  chmodSync(folder, 0o711); // as root, the database runs as another user
  const lab = await SlurmLab.up(join(folder, "lab"), shape, site?.enter);
  const stack = await startStack(folder, { leaseSeconds: 30, site });
  const home = join(folder, "slurm-agent");
  const bin = join(folder, "bin");
  for (const each of [home, bin]) mkdirSync(each, { mode: 0o711 }); // jobs of other accounts pass through
  const { clusterId, code } = await enrolmentCode(stack, "Slurm lab");
  const agent = agentProcess(stack, "slurm-agent", join(home, "agent"), ["run"], { ...lab.env, PATH: `${bin}:${PATH}`, DROVER_AGENT_DRIVER: "slurm" });
  await enrolAgent(agent, site, home, stack.agentUrl, code);
  agent.start();
  const { api } = stack;
  const get = (id: string) => api.experiments.get.query({ id });
  await until("the Slurm cluster's nodes", async () => (await api.clusters.get.query({ id: clusterId })).nodes.up === lab.nodes.length, 60);
  return {
    stack, lab, agent, clusterId, bin, get,
    submit: async (spec) => (await api.experiments.submit.mutate({ spec: { project: "default", cluster: "slurm-lab", resources: { cpus: 1, memory: 256 }, ...spec }, idempotencyKey: spec.name })).id,
    untilStatus: (id, status, seconds = 60) =>
      until(`${id} to be ${status}`, async () => {
        const run = await get(id);
        if (run.status === status) return run;
        throw new Error(`it is ${run.status}: ${run.statusReason ?? run.pending?.message ?? "no reason"}`);
      }, seconds),
    untilJob: (id) =>
      until(`${id} to run as a job that is known`, async () => {
        const { status, attempts } = await get(id);
        return status === "running" && attempts.at(-1)!.scheduler?.job;
      }, 60),
    output: async (id) => {
      const attempt = (await get(id)).attempts.at(-1)!;
      const page = await api.experiments.logPage.query({ attemptId: attempt.id, after: -1 });
      return page.segments.map((segment) => segment.text).join("");
    },
    stop: async (keep = false) => {
      await agent.stop();
      await stack.stop();
      if (keep) cpSync(join(lab.home, "log"), join(folder, "slurm-log"), { recursive: true });
      await lab.down();
      if (keep) console.log(`kept for reading: ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
    },
  };
}
