import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { drained, enrolled, order } from "./testing/agent-process.ts";

let world: Awaited<ReturnType<typeof enrolled>>;
let bin: string;
beforeEach(async () => {
  world = await enrolled();
  bin = await mkdtemp(path.join(tmpdir(), "drover-smi-"));
});
afterEach(async () => {
  await world.close();
  await rm(bin, { recursive: true, force: true });
});

/** Stands in for NVIDIA's, which needs such GPUs: the first is whole, the second cut in two. */
const SMI = `#!/bin/sh
case "$1" in
  *mig.mode.current*) echo "0, Disabled"; echo "1, Enabled" ;;
  --query-gpu=index,uuid,name*) echo "0, GPU-a, NVIDIA H100 80GB HBM3, 81559, 00000000:1B:00.0, 1, 1, 40, 100"; echo "1, GPU-b, NVIDIA H100 80GB HBM3, 81559, 00000000:1C:00.0, [N/A], 2, 41, 100" ;;
  --query-gpu=*) echo "0, 0, No, No"; echo "1, 0, No, No" ;;
  -L) echo "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-a)"; echo "GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-b)"; echo "  MIG 3g.40gb     Device  0: (UUID: MIG-x)"; echo "  MIG 1g.10gb     Device  1: (UUID: MIG-y)" ;;
esac
`;

it("a run that asks for a slice holds that slice, which CUDA knows by its uuid; one that asks for a GPU gets a whole one", async () => {
  const { server, agent } = world;
  await writeFile(path.join(bin, "nvidia-smi"), SMI, { mode: 0o755 });
  const small = order('echo "$CUDA_VISIBLE_DEVICES"', { gpus: 1, gpuModel: "1g.10gb" });
  const whole = order('echo "$CUDA_VISIBLE_DEVICES"', { gpus: 1 });
  server.want(small, whole);
  agent.start({ PATH: `${bin}:${process.env.PATH}` });
  await drained(server, small.attemptId);
  await drained(server, whole.attemptId);
  expect([small, whole].map(({ attemptId }) => server.get(attemptId).stdout.toString())).toEqual(["MIG-y\n", "0\n"]);
  expect(server.get(small.attemptId).usage[0]).toMatchObject({ kind: "open", holds: [{ accelerators: ["MIG-y"], gpus: 1, parts: [{ model: "NVIDIA H100 80GB HBM3", milli: 142 }] }] });
  expect(server.nodes?.[0]?.accelerators).toMatchObject([
    { index: 0, uuid: "GPU-a", model: "NVIDIA H100 80GB HBM3" },
    { index: 200, uuid: "MIG-x", model: "NVIDIA H100 80GB HBM3 MIG 3g.40gb", part: { of: "GPU-b", milli: 500 } },
    { index: 201, uuid: "MIG-y", model: "NVIDIA H100 80GB HBM3 MIG 1g.10gb", memoryMib: 10_240, part: { of: "GPU-b", milli: 142 } },
  ]);
}, 30_000);

/** Stands in for NVIDIA's: three whole ones, of two models. */
const WHOLE = `#!/bin/sh
case "$1" in
  *mig.mode.current*) echo "0, [N/A]" ;;
  --query-gpu=index,uuid,name*) for gpu in 0 1; do echo "$gpu, GPU-$gpu, NVIDIA A100-SXM4-80GB, 81920, 00000000:1B:00.0, 1, 1, 40, 100"; done; echo "2, GPU-2, NVIDIA H100 80GB HBM3, 81559, 00000000:1C:00.0, 1, 2, 41, 100" ;;
  --query-gpu=*) for gpu in 0 1 2; do echo "$gpu, 0, No, No"; done ;;
esac
`;

it("two runs have shares of one GPU at once, a third of the same GPU is refused, and each is told of the GPU, its part and where MPS is", async () => {
  const { server, agent } = world;
  await writeFile(path.join(bin, "nvidia-smi"), WHOLE, { mode: 0o755 });
  const policy = path.join(agent.state, "policy.json");
  const allowed = JSON.parse(await readFile(policy, "utf8")) as object;
  await writeFile(policy, JSON.stringify({ ...allowed, shared: [{ gpu: 0, shares: 2, by: "mps", pipe: "/run/mps" }, { gpu: "H100", shares: 3, by: "time-slice" }] }));
  const say = 'echo "$CUDA_VISIBLE_DEVICES $CUDA_MPS_ACTIVE_THREAD_PERCENTAGE $CUDA_MPS_PIPE_DIRECTORY"';
  const long = (gpuModel: string | null) => order(`${say}; sleep 30`, { gpus: 1, gpuModel, env: { CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: "100" } });
  const [one, two, turns] = [long("a100.shared"), long("a100.shared"), order(say, { gpus: 2, gpuModel: "h100.shared" })];
  server.want(one, two, turns);
  agent.start({ PATH: `${bin}:${process.env.PATH}` });
  for (const { attemptId } of [one, two]) await until("both to run", async () => server.get(attemptId).stdout.length > 0);
  await drained(server, turns.attemptId);
  expect([one, two, turns].map(({ attemptId }) => server.get(attemptId).stdout.toString())).toEqual(["GPU-0 50 /run/mps\n", "GPU-0 50 /run/mps\n", "GPU-2  \n"]);
  const held = [one, two, turns].map(({ attemptId }) => server.get(attemptId).usage[0]);
  expect(held.slice(0, 2).flatMap((event) => (event?.kind === "open" ? event.holds.flatMap(({ accelerators }) => accelerators) : [])).toSorted()).toEqual(["GPU-0::0", "GPU-0::1"]);
  expect(held[2]).toMatchObject({ kind: "open", holds: [{ accelerators: ["GPU-2::0", "GPU-2::1"], gpus: 2, parts: [{ model: "NVIDIA H100 80GB HBM3", milli: 334 }, { model: "NVIDIA H100 80GB HBM3", milli: 333 }] }] });
  expect(server.nodes?.[0]?.accelerators.map(({ index, uuid, model, part }) => [index, uuid, model, part?.of, part?.milli])).toEqual([
    [100, "GPU-0::0", "NVIDIA A100-SXM4-80GB shared 1/2", "GPU-0", 500], [101, "GPU-0::1", "NVIDIA A100-SXM4-80GB shared 1/2", "GPU-0", 500],
    [1, "GPU-1", "NVIDIA A100-SXM4-80GB", undefined, undefined],
    [300, "GPU-2::0", "NVIDIA H100 80GB HBM3 shared 1/3", "GPU-2", 334], [301, "GPU-2::1", "NVIDIA H100 80GB HBM3 shared 1/3", "GPU-2", 333], [302, "GPU-2::2", "NVIDIA H100 80GB HBM3 shared 1/3", "GPU-2", 333],
  ]);
  const [third, whole] = [order(say, { gpus: 1, gpuModel: "a100.shared" }), order(say, { gpus: 1 })];
  server.want(one, two, third, whole);
  await drained(server, whole.attemptId);
  expect((await drained(server, third.attemptId)).exit).toMatchObject({ cause: "capacity", detail: "resources.gpus: it needs 1 a100.shared GPUs; 0 are free and working here." });
  expect(server.get(whole.attemptId).stdout.toString()).toBe("1  \n");
}, 60_000);
