import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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
  expect(server.get(small.attemptId).usage[0]).toMatchObject({ kind: "open", holds: [{ accelerators: ["MIG-y"], gpus: 1 }] });
  expect(server.nodes?.[0]?.accelerators).toMatchObject([
    { index: 0, uuid: "GPU-a", model: "NVIDIA H100 80GB HBM3" },
    { index: 200, uuid: "MIG-x", model: "NVIDIA H100 80GB HBM3 MIG 3g.40gb", part: { of: "GPU-b", milli: 500 } },
    { index: 201, uuid: "MIG-y", model: "NVIDIA H100 80GB HBM3 MIG 1g.10gb", memoryMib: 10_240, part: { of: "GPU-b", milli: 142 } },
  ]);
}, 30_000);
