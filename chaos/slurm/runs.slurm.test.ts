import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobName } from "../../agent/drivers/slurm/names.ts";
import type { AccountedPart } from "../../agent/protocol/messages.ts";
import { makeBudget } from "../money.ts";
import { until } from "../processes.ts";
import { Site } from "../site.ts";
import { runTrial } from "../trial.ts";
import { slurmGrounds } from "./grounds.ts";
import { severalNodes } from "./several-nodes.ts";
import { startSlurmWorld, type SlurmWorld } from "./world.ts";

// The whole path on a real Slurm: server, worker, agent, three nodes, accounting. Each run has a name of its own.

const site = Site.makeOrSay();
/** A poll waits a third of the lease of 30 seconds (world.ts). */
const PAST_A_POLL_MS = 11_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let world: SlurmWorld;
beforeAll(async () => {
  world = await startSlurmWorld(site);
}, 240_000);
afterAll(async () => {
  await world?.stop();
  site?.remove();
}, 120_000);

describe("a run on Slurm", { timeout: 180_000 }, () => {
  it("becomes a job that is named after its attempt, and ends with what it printed", async () => {
    const id = await world.submit({ name: "hello", command: 'echo "on $SLURMD_NODENAME as job $SLURM_JOB_ID"; echo \'drover: {"loss": 0.5, "step": 1}\'; exit 0' });
    const run = await world.untilStatus(id, "succeeded");
    const attempt = run.attempts.at(-1)!;
    expect(attempt.nodeNames).toHaveLength(1);
    expect(world.lab.nodes).toContain(attempt.nodeNames[0]);
    const { job } = attempt.scheduler!;
    await until("its log", async () => (await world.output(id)).includes(`on ${attempt.nodeNames[0]} as job ${job}`), 30);
    await until("its name in Slurm's accounting", async () => (await world.lab.run("sacct", ["-nXP", "-j", job, "-o", "JobName"])).trim() === jobName(attempt.id), 30); // slurmdbd follows after
    await until("its metric", async () => (await world.get(id)).metrics.some(({ key, last }) => key === "loss" && last === 0.5), 30);
  });

  it("fails with its exit code and last lines", async () => {
    const id = await world.submit({ name: "boom", command: "echo before; echo trouble >&2; exit 7" });
    const run = await world.untilStatus(id, "failed");
    expect(run).toMatchObject({ failureClass: "user_code", evidence: { exitCode: 7 } });
    expect(run.evidence!.lastLines!.join("\n")).toContain("trouble");
  });

  it("is cancelled with its grace, and leaves nothing in Slurm", async () => {
    const id = await world.submit({ name: "long", command: 'trap "echo saved; exit 143" TERM; echo up; while :; do sleep 0.1; done' });
    await world.untilStatus(id, "running");
    await until("it to be up", async () => (await world.output(id)).includes("up"), 30);
    await world.stack.api.experiments.cancel.mutate({ id });
    await world.untilStatus(id, "cancelled");
    await until("its last line", async () => (await world.output(id)).includes("saved"), 30);
    await until("Slurm to be empty", async () => (await world.lab.run("squeue", ["-h", "-o", "%j"])).trim() === "", 30);
  });

  it("goes on while its agent is killed, and is found again under its name", async () => {
    const id = await world.submit({ name: "outlives", command: "echo begun; sleep 6; echo done" });
    const { id: attempt } = (await world.untilStatus(id, "running")).attempts.at(-1)!;
    world.agent.signal("SIGKILL"); // its supervisor starts it again
    const run = await world.untilStatus(id, "succeeded");
    expect(run.attempts).toHaveLength(1);
    const jobs = await world.lab.run("sacct", ["-nXP", "--name", jobName(attempt), "-o", "JobID"]);
    expect(jobs.trim().split("\n")).toEqual([run.attempts[0]!.scheduler!.job]);
    await until("all of its log", async () => (await world.output(id)) === "begun\ndone\n", 30);
  });

  it("goes on while Slurm's controller is killed, which is no failure of anybody", async () => {
    const id = await world.submit({ name: "headless", command: "echo begun; sleep 12; echo done" });
    await world.lab.untilWritten(await world.untilJob(id));
    await world.lab.kill("slurmctld");
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await world.lab.restart("slurmctld");
    expect((await world.untilStatus(id, "succeeded", 90)).attempts).toHaveLength(1);
  });

  it.skipIf(!site)("goes on while the link between its agent and the server is down, and is found to have ended", async () => {
    const id = await world.submit({ name: "cut-off", command: "echo begun; sleep 6; echo done" });
    const job = await world.untilJob(id);
    const heard = async () => (await world.stack.sql<{ at: Date }[]>`select last_seen_at as at from agents where cluster_id = ${world.clusterId}`)[0]!.at.getTime();
    const heal = site!.cut("everything");
    try {
      await pause(2_000); // whom the server hears it writes down once a second
      const last = await heard();
      await until("Slurm to be done with it", async () => (await world.lab.run("squeue", ["-h", "-t", "all", "-j", job, "-o", "%T"])).trim() === "COMPLETED", 30);
      await pause(PAST_A_POLL_MS);
      expect(await heard()).toBe(last);
      expect((await world.get(id)).status).toBe("running");
    } finally {
      heal();
    }
    expect((await world.untilStatus(id, "succeeded")).attempts).toHaveLength(1);
    await until("all of its log", async () => (await world.output(id)) === "begun\ndone\n", 30);
  });

  it("waits at Slurm for what its account may use, and says so in Slurm's own words", async () => {
    const id = await world.submit({ name: "capped", command: "true", resources: { cpus: 1, memory: 256, gpus: 2 }, overrides: { slurm: { account: "teama" } } });
    await until("Slurm's word", async () => {
      const run = await world.get(id);
      const word = run.attempts.at(-1)?.scheduler;
      if (run.status === "starting" && word?.state === "PENDING" && /Assoc|QOS/.test(word.reason ?? "")) return true;
      throw new Error(JSON.stringify({ status: run.status, why: run.statusReason, word }));
    }, 60);
    await world.stack.api.experiments.cancel.mutate({ id });
    await world.untilStatus(id, "cancelled");
  });

  it("is refused at submit where Slurm has no such partition, with those that it has", async () => {
    await expect(world.submit({ name: "nowhere", command: "true", overrides: { slurm: { partition: "moon" } } })).rejects.toThrow(/Slurm has no partition moon\. It has: .*gpu/);
  });

  it("starts where it asks for all the time that its partition gives", async () => {
    const id = await world.submit({ name: "all-of-it", command: "true", maxDuration: 600, overrides: { slurm: { partition: "short" } } });
    const { job } = (await world.untilStatus(id, "succeeded")).attempts.at(-1)!.scheduler!;
    expect((await world.lab.run("squeue", ["-h", "-t", "all", "-j", job, "-o", "%l"])).trim()).toBe("10:00");
  });

  it("ends as a mistake of its spec where Slurm takes no such node, with Slurm's words", async () => {
    const id = await world.submit({ name: "no-such-node", command: "true", overrides: { slurm: { nodelist: "moon01" } } });
    const run = await world.untilStatus(id, "failed");
    expect(run).toMatchObject({ failureClass: "config", statusReason: expect.stringMatching(/node/i) });
  });

  it("is refused at submit for what this driver does not know, by name", async () => {
    await expect(world.submit({ name: "unknown-key", command: "true", overrides: { slurm: { colour: "red" } } })).rejects.toThrow(/colour/);
    await expect(world.submit({ name: "unknown-launcher", command: "true", launcher: "ray" as never })).rejects.toThrow(/launcher/);
  });
});

describe("several nodes", { timeout: 240_000 }, () => {
  severalNodes(() => world);
});

describe("the accelerators of a run", { timeout: 120_000 }, () => {
  /** Stands in for NVIDIA's, which needs a GPU: what a node with two of them prints. */
  const SMI = ["0, GPU-a, NVIDIA H100 80GB HBM3, 81559, 00000000:1B:00.0, 10, 1000, 41, 200.5", "1, GPU-b, NVIDIA H100 80GB HBM3, 81559, 00000000:1C:00.0, 90, 70000, 71, 650.1"];
  const LOOP = "while :; do sleep 0.2; done";

  it("are measured on each of its nodes, and only its own", async () => {
    const smi = join(world.bin, "nvidia-smi");
    writeFileSync(smi, `#!/bin/sh\nprintf '%s\\n' ${SMI.map((line) => `'${line}'`).join(" ")}\n`, { mode: 0o755 });
    const resources = { cpus: 1, memory: 256, gpus: 1 };
    const ids: string[] = [];
    try {
      ids.push(await world.submit({ name: "measured", command: LOOP, resources }), await world.submit({ name: "measured-on-two", command: LOOP, resources: { ...resources, nodes: 2 } }));
      const runs = await Promise.all(ids.map((id) => world.untilStatus(id, "running")));
      for (const { attempts } of runs) {
        const { nodeNames } = attempts.at(-1)!;
        await until(`samples of ${nodeNames.join()}`, async () => {
          const rows = await world.stack.sql<{ id: string; value: number }[]>`select subject_id as id, value from telemetry_latest where cluster_id = ${world.clusterId} and subject = 'accelerator' and key = 'gpu'`;
          for (const { id, value } of rows) expect(value).toBe(id.endsWith("/0") ? 10 : 90);
          if (nodeNames.every((node) => rows.some(({ id }) => id.startsWith(`${node}/`)))) return true;
          const now = await Promise.all(ids.map((id) => world.get(id)));
          throw new Error(`there are ${rows.map(({ id }) => id).join(", ") || "none"}, of ${now.map((run) => `${run.status} on ${run.attempts.at(-1)!.nodeNames.join()} with ${run.attempts.at(-1)!.acceleratorIndexes.join()}, attempt ${run.attempts.length}`).join(" and ")}`);
        }, 40);
      }
      const [index] = (await world.get(ids[0]!)).attempts.at(-1)!.acceleratorIndexes;
      expect(index).toBeTypeOf("number");
    } finally {
      rmSync(smi);
      for (const id of ids) await world.stack.api.experiments.cancel.mutate({ id }); // they would be in the others' way
      for (const id of ids) await world.untilStatus(id, "cancelled");
    }
  });
});

describe("what others do on the cluster", { timeout: 120_000 }, () => {
  it("is seen, counted, and never touched", async () => {
    const { api } = world.stack;
    await world.lab.run("sbatch", ["--job-name=theirs", "--nodes=3-3", "--gpus-per-node=2", "--mem=100M", "--time=5", "--output=/dev/null", "--chdir=/tmp", "--wrap=sleep 300"]);
    const seen = await until("the job in the console", async () => {
      const view = await api.clusters.scheduler.query({ id: world.clusterId });
      return view?.jobs.find((job) => job.name === "theirs" && job.state === "running") ? view : null;
    }, 60);
    expect(seen.jobs.find((job) => job.name === "theirs")).toMatchObject({ user: "root", nodeCount: 3, gpus: 6 });
    expect(seen.partitions.length).toBeGreaterThan(0);
    expect(seen.qos.map((one) => one.name)).toEqual(expect.arrayContaining(["low", "high"]));
    const id = await world.submit({ name: "behind-them", command: "true", resources: { cpus: 1, memory: 256, gpus: 1 } });
    await until("the reason", async () => {
      const run = await world.get(id);
      if (run.status !== "queued") throw new Error(`it is ${run.status}`);
      return run.pending?.kind === "busy";
    }, 60);
    await world.lab.run("scancel", ["--name=theirs"]);
    await world.untilStatus(id, "succeeded");
  });
});

describe("Slurm's accounting", { timeout: 120_000 }, () => {
  it("bears out what was counted of every run here, of nodes that one had alone too, and differs from one that moved its own start in the journal, and kept its node from saying how long it was", async () => {
    const { api } = world.stack;
    const capped = { resources: { cpus: 1, memory: 256, gpus: 1 }, overrides: { slurm: { account: "teama" } } }; // one GPU at a time
    const honest = await world.submit({ name: "honest", command: "sleep 8", ...capped });
    await world.untilStatus(honest, "running");
    const backdated = await world.submit({ name: "backdated", command: "ln -s /nowhere/life ../job/life; touch -d '-10 minutes' ../job/started; sleep 1", ...capped });
    const { job } = await until("it to wait behind the other", async () => {
      const word = (await world.get(backdated)).attempts.at(-1)?.scheduler;
      return word?.state === "PENDING" && word;
    }, 30);
    const alone = await world.submit({ name: "alone", command: "sleep 2", resources: { cpus: 1, memory: 256, nodes: 2 }, overrides: { slurm: { exclusive: true } } });
    const { attempts: [held] } = await world.untilStatus(alone, "succeeded");
    world.agent.signal("SIGSTOP"); // it sees neither the start nor the end, only what lies in the folder
    try {
      await until("it to be over", async () => (await world.lab.run("squeue", ["-h", "-t", "all", "-j", job, "-o", "%T"])).trim() === "COMPLETED", 60);
    } finally {
      world.agent.signal("SIGCONT");
    }
    await world.untilStatus(backdated, "succeeded");
    const [heard] = await until("what Slurm says of both", async () => {
      const rows = await world.stack.sql<{ parts: AccountedPart[]; counted: number }[]>`
        select w.parts, (select sum(milli * extract(epoch from until_at - from_at) / 1000)::float8 from usage_intervals i where i.attempt_id = w.attempt_id and kind = 'accelerator') as counted
        from usage_witnesses w join attempts a on a.id = w.attempt_id where a.run_id in (${honest}, ${backdated}) order by a.run_id = ${backdated}`;
      return rows.length === 2 && rows;
    }, 60);
    expect(heard!.parts).toMatchObject([{ state: "COMPLETED", nodeCount: 1, cpus: 1, memoryMib: 256, gpus: 1, suspendedSeconds: 0 }]);
    expect(Math.abs(heard!.counted - heard!.parts[0]!.heldSeconds)).toBeLessThan(2); // to the second, far within what is allowed
    await until("what Slurm says of the nodes had alone", async () => (await world.stack.sql`select 1 from usage_witnesses where attempt_id = ${held!.id}`).length === 1, 30);
    const { rows, witnesses } = await api.costs.reviews.query({});
    const ofTwo = rows.filter(({ lines }) => lines.length > 0); // the start that it moved may lie in an hour that is over, of which more was held then than there was
    expect(ofTwo.map(({ run, message }) => [run?.name, message])).toEqual([["backdated", expect.stringMatching(/^Slurm's accounting of job \d+ \(COMPLETED\) has 0\.16\d* GPU-hours less, .* than is counted\.$/)]]);
    const gpu = ofTwo[0]!.lines.find(({ kind }) => kind === "accelerator")!;
    expect(Number(gpu.difference)).toBeGreaterThan(590);
    expect(Number(gpu.difference)).toBeLessThan(610);
    const amounts = await world.stack.sql<{ node: string; kind: string; amount: number }[]>`select node, kind, sum(milli)::float8 / 1000 as amount from usage_intervals where attempt_id = ${held!.id} group by 1, 2 order by 1, 2`;
    const whole = { accelerator: world.lab.shape.gpus, cpu: world.lab.shape.cpus };
    expect(amounts.filter(({ kind }) => kind !== "memory")).toEqual(held!.nodeNames.toSorted().flatMap((node) => Object.entries(whole).map(([kind, amount]) => ({ node, kind, amount }))));
    expect(witnesses).toMatchObject([{ clusterId: world.clusterId, source: "slurm", trouble: null, differed: 1 }]);
    expect(witnesses[0]!.agreed).toBeGreaterThan(0);
  });
});

describe("while Slurm's daemons and the agent are killed and its link is cut at random", { timeout: 280_000 }, () => {
  it.each([4, 6])("what holds of every run holds (seed %i)", async (seed) => {
    if ((await world.stack.sql`select 1 from budgets`).length === 0) await makeBudget(world.stack);
    const { problems, faults } = await runTrial(world.stack, seed, seed, slurmGrounds(world, 8));
    expect(problems, faults.join("; ")).toEqual([]);
  });
});
