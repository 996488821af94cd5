import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/root.ts";
import { until } from "../processes.ts";
import type { SlurmWorld } from "./world.ts";

/** The lab's nodes are one host: over shared memory Open MPI takes them for one machine, and crashes. */
const ONE_HOST = { OMPI_MCA_btl: "tcp,self" };
/** Debian 12's PyTorch 1.13 under its Python 3.11: torchrun fails on "no redirection", which is its default. */
const DEBIANS_TORCHRUN = { PET_REDIRECTS: "1", PET_TEE: "1" };

/** Distributed training, tested in the one world of runs.slurm.test.ts: a Slurm of its own would take half a minute more. */
export function severalNodes(world: () => SlurmWorld): void {
  it("train with PyTorch DDP, lose a machine, and go on from the checkpoint elsewhere", async () => {
    const id = await world().submit({
      name: "ddp", launcher: "torchrun", command: ["python3", join(ROOT, "examples/pytorch-ddp/train.py")], params: { epochs: 60 }, env: DEBIANS_TORCHRUN,
      resources: { cpus: 1, memory: 1500, nodes: 2 }, processesPerNode: 1, retry: { max: 2, on: ["hardware", "platform", "preempted"] }, checkpoint: { graceSeconds: 5 },
    });
    const first = await until("some epochs on two nodes", async () => {
      const text = await world().output(id).catch(() => "");
      const run = await world().get(id);
      if (["failed", "succeeded"].includes(run.status)) throw new Error(`it ${run.status} early: ${run.statusReason}\n${text}`);
      return /epoch +[5-9] /.test(text) ? run.attempts.at(-1)! : null;
    }, 120);
    expect(first.nodeNames).toHaveLength(2);
    const [dead] = first.nodeNames.slice(-1);
    await world().lab.killNode(dead!);
    const run = await world().untilStatus(id, "succeeded", 170);
    expect(run.attempts).toHaveLength(2);
    expect(run.attempts[0]).toMatchObject({ failureClass: "hardware" });
    expect(run.attempts[1]!.nodeNames).not.toContain(dead);
    await until("the end of its log", async () => (await world().output(id)).includes("done: out/model.pt"), 30);
    const from = Number(/2 processes on CPUs, \d+ images, from epoch (\d+)/.exec(await world().output(id))?.[1]);
    expect(from).toBeGreaterThan(1);
    const [loss] = await world().stack.api.experiments.series.query({ id, keys: ["loss"], buckets: 1000 });
    expect(loss!.points.map(({ x }) => x)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1)); // no epoch is missing, across both attempts
    await world().lab.restart(`slurmd.${dead}`);
  });

  it("go on with those that are left where torchrun may begin on fewer", async () => {
    await until("all nodes to be back", async () => (await world().stack.api.clusters.get.query({ id: world().clusterId })).nodes.up === world().lab.nodes.length, 60); // it would begin on the others
    const id = await world().submit({
      name: "elastic", launcher: "torchrun", command: ["/bin/sh", "-c", 'echo "rank $RANK of $WORLD_SIZE on $DROVER_NUM_NODES nodes"; if [ "$DROVER_ATTEMPT" = 1 ]; then exec sleep 600; fi'], env: DEBIANS_TORCHRUN,
      resources: { cpus: 1, memory: 500, nodes: 3, minNodes: 2 }, processesPerNode: 1, retry: { max: 2, on: ["hardware", "platform", "preempted"] }, checkpoint: { graceSeconds: 5 },
    });
    let dead: string | undefined;
    try {
      await until("all three nodes", async () => /rank 2 of 3 on 3 nodes/.test(await world().output(id).catch(() => "")), 120);
      const first = (await world().get(id)).attempts.at(-1)!;
      dead = first.nodeNames.at(-1)!;
      await world().lab.killNode(dead);
      const run = await world().untilStatus(id, "succeeded", 170);
      expect(run.attempts.at(-1)!.nodeNames.toSorted()).toEqual(first.nodeNames.filter((name) => name !== dead).toSorted());
      await until("both ranks", async () => /rank 1 of 2 on 2 nodes/.test(await world().output(id)), 30);
    } finally {
      await world().stack.api.experiments.cancel.mutate({ id }).catch(() => {}); // it would be in the others' way
      if (dead) await world().lab.restart(`slurmd.${dead}`);
    }
  });

  it("run an MPI program with all its ranks", async () => {
    const folder = mkdtempSync(join(tmpdir(), "drover-mpi-"));
    try {
      const source = join(folder, "sum.c");
      writeFileSync(source, '#include <mpi.h>\n#include <stdio.h>\nint main(int c, char **v) { int rank, size, sum; MPI_Init(&c, &v); MPI_Comm_rank(MPI_COMM_WORLD, &rank); MPI_Comm_size(MPI_COMM_WORLD, &size); MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD); printf("rank %d of %d, sum %d\\n", rank, size, sum); fflush(stdout); MPI_Finalize(); return 0; }\n');
      execFileSync("mpicc", [source, "-o", join(folder, "sum")], { env: { ...process.env, PATH: "/usr/bin:/bin" } });
      execFileSync("chmod", ["-R", "a+rx", folder]);
      const id = await world().submit({ name: "mpi", launcher: "mpi", command: [join(folder, "sum")], resources: { cpus: 2, memory: 512, nodes: 2 }, processesPerNode: 2, env: ONE_HOST });
      await world().untilStatus(id, "succeeded", 90);
      const text = await until("all ranks' lines", async () => {
        const seen = await world().output(id);
        return [0, 1, 2, 3].every((rank) => seen.includes(`rank ${rank} of 4, sum 6`)) ? seen : null;
      }, 30);
      expect(text.match(/sum 6/g)).toHaveLength(4);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("get the project's secrets on every node, and show none of them in the log", async () => {
    const { project } = await world().get(await world().submit({ name: "where", command: "true" }));
    await world().stack.api.access.setSecret.mutate({ projectId: project.id, name: "LAB_KEY", value: "correct-horse-battery" });
    const id = await world().submit({ name: "secretive", secrets: ["LAB_KEY"], resources: { cpus: 1, memory: 256, nodes: 2 }, command: 'printf "rank $RANK has "; sleep 0.3; printf "%s" "$LAB_KEY" | wc -c; printf "correct-"; sleep 0.3; echo "${LAB_KEY#correct-}"' });
    await world().untilStatus(id, "succeeded", 90);
    const text = await until("both ranks' lines", async () => {
      const seen = await world().output(id);
      return seen.match(/\*{21}/g)?.length === 2 ? seen : null;
    }, 30);
    expect(text.match(/rank [01] has 21/g)).toHaveLength(2);
    expect(text).not.toMatch(/horse/);
  });

  it("end together when one rank fails, and the run names that rank", async () => {
    const id = await world().submit({ name: "one-rank", resources: { cpus: 1, memory: 256, nodes: 2 }, command: 'echo "rank $RANK is up"; if [ "$RANK" = 1 ]; then sleep 1; echo "rank one broke" >&2; exit 9; fi; sleep 300' });
    const run = await world().untilStatus(id, "failed", 120);
    expect(run.statusReason).toMatch(/[Rr]ank 1/);
    expect(run.evidence!.lastLines!.join("\n")).toContain("rank one broke");
  });
}
