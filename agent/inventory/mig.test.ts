import { describe, expect, it } from "vitest";
import { answersTo, wholeName } from "../protocol/gpu-model.ts";
import type { Gpu } from "./gpu.ts";
import { cut, parseSlices } from "./mig.ts";

// As NVIDIA's documentation shows it: https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
const LISTED = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-e86cb44c-6756-fd30-cd4a-1e6da3caf9b0)
  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d-5afc-978f-d2f1294409fd)
  MIG 1c.3g.20gb  Device  1: (UUID: MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d)
  MIG 1g.5gb+me   Device  2: (UUID: MIG-GPU-5d5ba0d6/9/0)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
`;
const gpu = (over: Partial<Gpu> = {}): Gpu => ({ index: 0, uuid: "GPU-a", model: "NVIDIA H100 80GB HBM3", memoryMib: 81_559, busId: "00000000:1b:00", health: "ok", healthReason: null, use: { percent: null, memoryMib: 9, celsius: 41, watts: 300 }, ...over });
const partsOf = (profiles: string[], over: Partial<Gpu> = {}) => cut(gpu(over), profiles.map((profile, device) => ({ device, uuid: `MIG-${device}`, profile }))).map(({ part }) => part!.milli);

describe("the slices of a GPU", () => {
  it("are read from nvidia-smi's list, below their GPU", () => {
    const found = parseSlices(LISTED);
    expect(found.get("GPU-e86cb44c-6756-fd30-cd4a-1e6da3caf9b0")).toEqual([
      { device: 0, uuid: "MIG-c7384736-a75d-5afc-978f-d2f1294409fd", profile: "3g.20gb" },
      { device: 1, uuid: "MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d", profile: "1c.3g.20gb" },
      { device: 2, uuid: "MIG-GPU-5d5ba0d6/9/0", profile: "1g.5gb+me" },
    ]);
    expect(found.get("GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77")).toEqual([]);
    expect(parseSlices("NVIDIA-SMI has failed")).toEqual(new Map());
  });

  it("are accelerators of their own in its place, with numbers of their own", () => {
    expect(cut(gpu({ index: 1 }), [{ device: 0, uuid: "MIG-x", profile: "1g.10gb" }, { device: 3, uuid: "MIG-y", profile: "3g.40gb" }])).toMatchObject([
      { index: 200, uuid: "MIG-x", model: "NVIDIA H100 80GB HBM3 MIG 1g.10gb", memoryMib: 10_240, busId: "00000000:1b:00", health: "ok", use: { percent: null, celsius: 41 }, part: { of: "GPU-a", milli: 142 } },
      { index: 203, uuid: "MIG-y", memoryMib: 40_960, part: { of: "GPU-a", milli: 500 } },
    ]);
  });

  it("are the greater of their parts of its compute and of its memory", () => {
    expect(partsOf(["1g.10gb"])).toEqual([142]);
    expect(partsOf(["1g.20gb"])).toEqual([250]);
    expect(partsOf(["2g.20gb", "2g.20gb", "2g.20gb"])).toEqual([285, 285, 285]); // a seventh of it is stranded
    expect(partsOf(["7g.80gb"])).toEqual([1000]);
    expect(partsOf(["1g.18gb", "3g.71gb"], { model: "NVIDIA H200", memoryMib: 143_771 })).toEqual([142, 500]);
    expect(partsOf(["1g.6gb", "2g.12gb"], { model: "NVIDIA A30", memoryMib: 24_576 })).toEqual([250, 500]);
    expect(partsOf(["1c.3g.40gb"])).toEqual([166]);
  });

  it("are never more than the GPU together: four sevenths beside half of the memory are cut to it", () => {
    const parts = partsOf(["4g.40gb", "3g.40gb"]);
    expect(parts).toEqual([533, 466]);
  });

  it("are told to be missing where MIG is on and nobody made any: such a GPU runs nothing", () => {
    expect(cut(gpu(), [])).toMatchObject([{ uuid: "GPU-a", health: "failed", healthReason: expect.stringContaining("nvidia-smi mig -cgi") }]);
  });

  it("are given to those that ask for slices only, and whole ones to all others", () => {
    const slice = "NVIDIA H100 80GB HBM3 MIG 1g.10gb";
    expect([null, "H100", "NVIDIA", "80GB", "3g", "1g.20gb"].map((wanted) => answersTo(slice, wanted))).toEqual([false, false, false, false, false, false]);
    expect(["MIG", "1g", "1G.10GB", slice].map((wanted) => answersTo(slice, wanted))).toEqual([true, true, true, true]);
    expect([null, "h100", "MIG", "1g"].map((wanted) => answersTo("NVIDIA H100 80GB HBM3", wanted))).toEqual([true, true, false, false]);
    expect([wholeName(slice), wholeName("NVIDIA A30")]).toEqual(["NVIDIA H100 80GB HBM3", "NVIDIA A30"]);
  });
});
