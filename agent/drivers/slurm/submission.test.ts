import { describe, expect, it } from "vitest";
import type { Launch } from "../driver.ts";
import { sbatchArgs } from "./submission.ts";

const bounds = { partitions: [{ name: "gpu", isDefault: true, maxSeconds: null }, { name: "short", isDefault: false, maxSeconds: 600 }], qos: [{ name: "brief", maxSeconds: 300 }, { name: "any", maxSeconds: null }] };
/** The time limit of a job in minutes, as Slurm is told. */
function minutes(maxSeconds: number | null, partition?: string, qos?: string): number | null {
  const overrides = { ...(partition === undefined ? {} : { partition }), ...(qos === undefined ? {} : { qos }) };
  const launch = { attemptId: "att_1", folder: "/f", memoryMib: 0, ask: { title: "a", launcher: "none", nodes: 1, processes: 1, restarts: 0, cpus: 1, gpus: 0, gpuModel: null, maxSeconds, graceSeconds: 30, excludeNodes: [], overrides } } as unknown as Launch;
  const word = sbatchArgs(launch, { whole: [], shared: [] }, bounds).find((arg) => arg.startsWith("--time="));
  return word === undefined ? null : Number(word.slice("--time=".length));
}

describe("the time that Slurm is asked for", () => {
  it("is the run's, with its grace, and a minute to end in", () => {
    expect(minutes(3600)).toBe(62);
    expect(minutes(300, "short")).toBe(7);
    expect(minutes(null, "short")).toBeNull();
  });

  it("is no more than the partition gives: Slurm would let the job wait for ever", () => {
    expect(minutes(600, "short")).toBe(10);
    expect(minutes(550, "short")).toBe(10);
    expect([minutes(300, undefined, "brief"), minutes(300, "short", "brief"), minutes(300, "short", "any")]).toEqual([5, 5, 7]); // nor than the QOS
  });

  it("is never less than the run asks for, which the partition then refuses", () => expect(minutes(700, "short")).toBe(12));
});
