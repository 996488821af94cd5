import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signal } from "../../agent/drivers/processes.ts";
import { horovodPython } from "../../scripts/test/horovod.ts";
import { ROOT } from "../../scripts/root.ts";
import { pidsWithEnv, until } from "../processes.ts";
import { startSlurmWorld, type SlurmWorld } from "./world.ts";

// Real Horovod, compiled for the lab's PyTorch and Open MPI, started by Drover's mpi launcher and by nothing else.

const EPOCHS = 20;

let world: SlurmWorld;
let python: string;
beforeAll(async () => {
  [world, python] = await Promise.all([startSlurmWorld(), horovodPython()]);
}, 600_000);
afterAll(() => world?.stop(), 120_000);

/** The program of one rank: what watches over it does not have its number in its environment, what that starts is no training. */
function processOf(attempt: string, rank: number): number {
  const ofRank = new Set(pidsWithEnv(`RANK=${rank}`));
  const found = pidsWithEnv(`DROVER_ATTEMPT_ID=${attempt}`).filter((pid) => ofRank.has(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("train.py"));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** The example on two nodes, two ranks on each. */
const train = (name: string, more: Partial<Parameters<SlurmWorld["submit"]>[0]> = {}) =>
  world.submit({
    name, launcher: "mpi", command: [python, join(ROOT, "examples/horovod/train.py")], params: { epochs: EPOCHS }, processesPerNode: 2,
    resources: { cpus: 2, memory: 2000, nodes: 2 }, checkpoint: { graceSeconds: 20 }, env: { OMPI_MCA_btl: "tcp,self" }, ...more, // the lab's nodes are one host
  });

const untilSaid = (id: string, what: RegExp) =>
  until(String(what), async () => {
    const run = await world.get(id);
    const text = await world.output(id).catch(() => "");
    if (["failed", "succeeded"].includes(run.status) && !what.test(text)) throw new Error(`it ${run.status}: ${run.statusReason}\n${text}`);
    return what.test(text) && text;
  }, 120);

it("a Horovod training loses a rank, which the attempt names, and goes on from its checkpoint", { timeout: 280_000 }, async () => {
  const id = await train("horovod", { retry: { max: 1, on: ["user_code"] } });
  const text = await untilSaid(id, /\[rank 0\] epoch +[4-9] /);
  expect(text).toContain("4 processes on CPUs, 1437 images, from epoch 1");
  for (const rank of [0, 1, 2, 3]) expect(text).toContain(`[rank ${rank}] process ${(rank % 2) + 1} of 2 on its node`);
  const { attempts: [first] } = await world.get(id);
  signal(processOf(first!.id, 3), "SIGKILL");
  const run = await world.untilStatus(id, "succeeded", 150);
  expect(run.attempts).toHaveLength(2);
  expect(run.attempts[0]).toMatchObject({ failureClass: "user_code", evidence: { signal: "SIGKILL", detail: expect.stringMatching(/^Rank 3 of 4 on n\d\d was ended by SIGKILL first\.$/), lastLines: ["process 2 of 2 on its node"] } });
  for (const { evidence } of run.attempts) expect(evidence!.peakMemoryMib, "of its programs, which mpirun's daemons start as a step of their own").toBeGreaterThan(200);
  await until("the end of its log", async () => (await world.output(id)).includes("done: out/model.pt"), 30);
  const from = Number(/4 processes on CPUs, 1437 images, from epoch (\d+)/.exec(await world.output(id))?.[1]);
  expect(from).toBeGreaterThan(4);
  const [loss, accuracy] = await world.stack.api.experiments.series.query({ id, keys: ["train_loss", "accuracy"], buckets: 1000 });
  expect(loss!.points.map(({ x }) => x)).toEqual(Array.from({ length: EPOCHS }, (_, at) => at + 1)); // no epoch is missing, across both attempts
  expect(accuracy!.points.at(-1)!.last).toBeGreaterThan(0.95); // it learns, on the gradients of all
});

it("a Horovod training that is cancelled saves and ends with all its ranks", { timeout: 180_000 }, async () => {
  const id = await train("horovod-cancelled", { params: { epochs: 10_000 } });
  await untilSaid(id, /\[rank 0\] epoch +2 /);
  await world.stack.api.experiments.cancel.mutate({ id });
  const { attempts: [attempt] } = await world.untilStatus(id, "cancelled");
  expect(await untilSaid(id, /asked to stop/)).toMatch(/\[rank 0\] asked to stop: saved after epoch \d+/);
  expect(attempt!.evidence).toMatchObject({ signal: "SIGTERM" }); // 143, as a shell says it
  expect(pidsWithEnv(`DROVER_ATTEMPT_ID=${attempt!.id}`)).toEqual([]);
});
