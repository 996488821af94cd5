import { describe, expect, it } from "vitest";
import { NoCapacity } from "../code/setup-failed.ts";
import type { NodeReport } from "../protocol/messages.ts";
import { order } from "../testing/agent-process.ts";
import { chooseAccelerators } from "./claims.ts";

const node = (...gpus: [model: string, health?: "failed"][]) => ({ accelerators: gpus.map(([model, health], index) => ({ index, model, health: health ?? "ok" })) }) as unknown as NodeReport;
const asking = (gpus: number, gpuModel: string | null = null) => order("true", { gpus, gpuModel }).spec!;

describe("the GPUs of an attempt", () => {
  const host = node(["NVIDIA H200"], ["NVIDIA H200", "failed"], ["NVIDIA H200"]);

  it("are free and working ones", () => {
    expect(chooseAccelerators(asking(1), host, new Map([[0, "att_other"]]))).toEqual([2]);
  });
  it("are of the wanted model as placement understands it: the start of a word", () => {
    const mixed = node(["NVIDIA L40S"], ["NVIDIA A100-SXM4-80GB"], ["NVIDIA L4"]);
    expect(chooseAccelerators(asking(1, "a100"), mixed, new Map())).toEqual([1]);
    expect(() => chooseAccelerators(asking(1, "40S"), mixed, new Map())).toThrow(NoCapacity);
  });
  it("are missed for want of capacity, which another try may have", () => {
    expect(() => chooseAccelerators(asking(2, "H200"), host, new Map([[0, "att_other"]]))).toThrow(new NoCapacity("resources.gpus: it needs 2 H200 GPUs; 1 are free and working here."));
  });
});
