import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answersTo, shareName, wholeName } from "../protocol/gpu-model.ts";
import type { Gpu } from "./gpu.ts";
import { SharedGpus, sharesOf, shareVariables } from "./shared.ts";

const gpu = (over: Partial<Gpu> = {}): Gpu => ({ index: 0, uuid: "GPU-a", model: "NVIDIA A100-SXM4-80GB", memoryMib: 81_920, busId: "0000:1b:00", health: "ok", healthReason: null, use: { percent: 97, memoryMib: 9, celsius: 41, watts: 300 }, ...over });
const rule = (over: Partial<SharedGpus> = {}): SharedGpus => SharedGpus.parse({ gpu: "A100", shares: 4, by: "time-slice", ...over });

describe("the shares of a GPU", () => {
  it("are accelerators of their own in its place, each with its part of it and of its memory", () => {
    expect(sharesOf(gpu({ index: 1 }), [rule()])).toHaveLength(4);
    expect(sharesOf(gpu({ index: 1 }), [rule()])[3]).toMatchObject({
      index: 203, uuid: "GPU-a::3", model: "NVIDIA A100-SXM4-80GB shared 1/4", memoryMib: 20_480, busId: "0000:1b:00", health: "ok", use: { percent: null, watts: null, celsius: 41 }, part: { of: "GPU-a", milli: 250 },
    });
  });

  it("are the GPU together, to the last thousandth, however many there are", () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 64 }), (shares) => {
      const parts = sharesOf(gpu(), [rule({ shares })]);
      const milli = parts.map(({ part }) => part!.milli);
      expect(milli.reduce((sum, one) => sum + one, 0)).toBe(1000);
      expect(Math.max(...milli) - Math.min(...milli)).toBeLessThanOrEqual(1);
      expect(new Set(parts.map(({ index }) => index)).size).toBe(shares);
      expect(parts.every(({ index }) => Math.floor(index / 100) === 1)).toBe(true);
    }));
  });

  it("come of the first rule that names the GPU: by number, uuid, model, or any; a GPU of no rule stays whole, and so does a slice", () => {
    const cut = (one: Gpu, ...rules: SharedGpus[]) => sharesOf(one, rules).length;
    expect([cut(gpu(), rule({ gpu: 0 })), cut(gpu(), rule({ gpu: 1 })), cut(gpu(), rule({ gpu: "GPU-a" })), cut(gpu(), rule({ gpu: "*" })), cut(gpu(), rule({ gpu: "H100" }))]).toEqual([4, 1, 4, 4, 1]);
    expect(cut(gpu(), rule({ gpu: 0, shares: 2 }), rule({ gpu: "*", shares: 8 }))).toBe(2);
    expect(cut(gpu({ model: "NVIDIA A100-SXM4-80GB MIG 1g.10gb", part: { of: "GPU-a", milli: 142 } }), rule({ gpu: "*" }))).toBe(1);
  });

  it("are given to those that ask for shares only, of any GPU or of one model", () => {
    const share = shareName("NVIDIA H100 80GB HBM3", 4);
    expect([null, "H100", "NVIDIA", "80GB", "MIG", "1", "a100.shared", "1/4"].filter((wanted) => answersTo(share, wanted))).toEqual([]);
    expect(["shared", "Shared", "h100.shared", "NVIDIA.shared", share].filter((wanted) => !answersTo(share, wanted))).toEqual([]);
    expect(["shared", "h100.shared"].filter((wanted) => answersTo("NVIDIA H100 80GB HBM3", wanted) || answersTo("NVIDIA H100 80GB HBM3 MIG 1g.10gb", wanted))).toEqual([]);
    expect(wholeName(share)).toBe("NVIDIA H100 80GB HBM3");
  });

  it("keep MPS to their part of the threads, and say where its pipe is; taking turns needs nothing", () => {
    const mps = rule({ by: "mps", pipe: "/run/mps" });
    const parts = sharesOf(gpu(), [mps]);
    expect(shareVariables(parts.slice(0, 1))).toEqual({ CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: "25", CUDA_MPS_PIPE_DIRECTORY: "/run/mps" });
    expect(shareVariables(parts.slice(1, 4))).toMatchObject({ CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: "75" });
    expect(shareVariables(sharesOf(gpu(), [rule({ by: "mps", shares: 3 })]).slice(0, 2))).toEqual({ CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: "66" });
    expect([shareVariables(sharesOf(gpu(), [rule()])), shareVariables([gpu()])]).toEqual([{}, {}]);
  });

  it("are refused where a rule says what cannot be", () => {
    for (const bad of [{ shares: 1 }, { shares: 65 }, { by: "magic" }, { pipe: "/run/mps" }, { by: "mps", pipe: "run/mps" }, { gpu: "" }, { gpu: -1 }, { more: true }]) expect(SharedGpus.safeParse({ gpu: "A100", shares: 4, by: "time-slice", ...bad }).success).toBe(false);
  });
});
