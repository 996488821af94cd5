import { describe, expect, it } from "vitest";
import { NoCapacity } from "../code/setup-failed.ts";
import { shareName } from "../protocol/gpu-model.ts";
import type { NodeReport } from "../protocol/messages.ts";
import { order } from "../testing/agent-process.ts";
import { chooseAccelerators } from "./claims.ts";

const node = (...gpus: [model: string, health?: "failed"][]) => ({ accelerators: gpus.map(([model, health], index) => ({ index, model, health: health ?? "ok" })) }) as unknown as NodeReport;
const asking = (gpus: number, gpuModel: string | null = null) => order("true", { gpus, gpuModel }).spec!;

describe("the GPUs of an attempt", () => {
  const host = node(["NVIDIA H200"], ["NVIDIA H200", "failed"], ["NVIDIA H200"]);

  it("are free and working ones", () => {
    expect(chooseAccelerators(asking(1), host, new Map([[0, "att_other"]]), [])).toEqual([2]);
  });
  it("are of the wanted model as placement understands it: the start of a word", () => {
    const mixed = node(["NVIDIA L40S"], ["NVIDIA A100-SXM4-80GB"], ["NVIDIA L4"]);
    expect(chooseAccelerators(asking(1, "a100"), mixed, new Map(), [])).toEqual([1]);
    expect(() => chooseAccelerators(asking(1, "40S"), mixed, new Map(), [])).toThrow(NoCapacity);
  });
  it("are missed for want of capacity, which another try may have", () => {
    expect(() => chooseAccelerators(asking(2, "H200"), host, new Map([[0, "att_other"]]), [])).toThrow(new NoCapacity("resources.gpus: it needs 2 H200 GPUs; 1 are free and working here."));
  });

  const shared = (...shares: (number | null)[]) => ({
    accelerators: shares.flatMap((count, gpu) => (count === null ? [{ index: gpu, model: "H200", health: "ok" }] : Array.from({ length: count }, (_, at) => ({ index: (gpu + 1) * 100 + at, model: shareName("H200", count), health: "ok", part: { of: `GPU-${gpu}`, milli: 1 } })))),
  }) as unknown as NodeReport;
  const held = (accelerators: number[], shares?: number) => [{ intent: { at: 0, accelerators, port: null, ...(shares ? { shares } : {}) } }];
  const holding = (...indexes: number[]) => new Map(indexes.map((index) => [index, "att_other"]));

  it("are shares of one GPU, of the one with the fewest left: no two runs of the same share, and none where no GPU has enough", () => {
    const two = shared(4, 4);
    expect(chooseAccelerators(asking(1, "shared"), two, holding(200), held([200], 4))).toEqual([201]);
    expect(chooseAccelerators(asking(4, "shared"), two, holding(200), held([200], 4))).toEqual([100, 101, 102, 103]);
    expect(() => chooseAccelerators(asking(5, "shared"), two, new Map(), [])).toThrow("it needs 5 shared GPUs; 8 are free");
    expect(() => chooseAccelerators(asking(1), two, new Map(), [])).toThrow(NoCapacity);
  });
  it("are not given out anew while somebody holds the GPU as it was before the policy was changed", () => {
    expect(() => chooseAccelerators(asking(1, "shared"), shared(2), holding(0), held([0]))).toThrow(NoCapacity);
    expect(() => chooseAccelerators(asking(1, "shared"), shared(4), holding(100), held([100], 2))).toThrow(NoCapacity);
    expect(() => chooseAccelerators(asking(1), shared(null), holding(100), held([100], 2))).toThrow(NoCapacity);
    expect(chooseAccelerators(asking(1), shared(null, null), holding(100), held([100], 2))).toEqual([1]);
  });
  it("may be slices of several, also where some are held already", () => {
    const slices = { accelerators: [100, 101, 200].map((index) => ({ index, model: "H200 MIG 1g.18gb", health: "ok", part: { of: `GPU-${index}`, milli: 142 } })) } as unknown as NodeReport;
    expect(chooseAccelerators(asking(2, "1g"), slices, holding(100), held([100]))).toEqual([101, 200]);
  });
});
