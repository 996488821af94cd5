import { describe, expect, it } from "vitest";
import { foreignHolds, type ForeignJob, type Surroundings, unknownNames, waitWords } from "./scheduler.ts";

const job = (more: Partial<ForeignJob> = {}): ForeignJob => ({ id: "17", name: "sim", user: "ada", account: "research", partition: "gpu", qos: "normal", state: "running", reason: null, nodes: ["n1", "n2"], nodeCount: 2, cpus: 16, memoryMib: 8193, gpus: 4, submittedAt: 1, startedAt: 1_000_000, limitSeconds: 60, ...more });

describe("jobs from outside Drover", () => {
  it("hold their share of each of their nodes until their limit", () => {
    expect(foreignHolds([job()])).toEqual([{ runId: "job:17", runName: "Job 17 from outside Drover", nodeNames: ["n1", "n2"], cpus: 8, memoryMib: 4097, gpus: 2, accelerators: [], endsBy: 1_060_000 }]);
  });
  it("hold nothing while they wait", () => {
    expect(foreignHolds([job({ state: "waiting", nodes: [] })])).toEqual([]);
  });
  it("end nobody knows when without a limit", () => {
    expect(foreignHolds([job({ limitSeconds: null })])[0]!.endsBy).toBeNull();
  });
});

describe("why a job waits at Slurm", () => {
  it("says Slurm's own words and what they mean", () => {
    expect(waitWords({ job: "9", state: "PENDING", reason: "Priority", startsAt: null })).toBe("Slurm has it as job 9 (PENDING: Priority), jobs of higher priority are ahead of it");
    expect(waitWords({ job: "9", state: "PENDING", reason: "SomethingNew", startsAt: null })).toBe("Slurm has it as job 9 (PENDING: SomethingNew)");
    expect(waitWords({ job: "9", state: "PENDING", reason: null, startsAt: null })).toBe("Slurm has it as job 9 (PENDING)");
    expect(waitWords({ job: "9", state: "CONFIGURING", reason: null, startsAt: null })).toBe("Slurm has it as job 9 (CONFIGURING), its nodes are being started or prepared");
  });
});

describe("names that a run asks of a scheduler", () => {
  const partition = (name: string, more: object = {}) => ({ name, isDefault: false, state: "UP", nodes: 1, cpus: 8, gpus: 0, maxSeconds: null, preemption: null, allowed: "", ...more });
  const slurm: Surroundings = { kind: "slurm", partitions: [partition("cpu", { isDefault: true, maxSeconds: 3600 }), partition("gpu")], qos: [{ name: "normal", priority: 0, maxSeconds: null, limits: "", preempts: "" }], accounts: [], reservations: [] };
  it("are refused where it has no such, with those that it has; a list that it does not keep is not held against it", () => {
    expect(unknownNames({ partition: "gpu", qos: "normal", account: "anything" }, null, slurm)).toEqual([]);
    expect(unknownNames({ reservation: "any" }, null, slurm)).toEqual([{ field: "overrides.slurm.reservation", message: "Slurm has no reservation any. It has none." }]);
    expect(unknownNames({ partition: "gpus", qos: "high" }, null, slurm)).toEqual([
      { field: "overrides.slurm.partition", message: "Slurm has no partition gpus. It has: cpu, gpu." },
      { field: "overrides.slurm.qos", message: "Slurm has no QOS high. It has: normal." },
    ]);
  });
  it("are held to the time that their partition gives, the default one where none is named", () => {
    expect(unknownNames({}, 7200, slurm)).toEqual([{ field: "maxDuration", message: "The partition cpu gives at most 1 h; asked for 2 h." }]);
    expect(unknownNames({ partition: "gpu" }, 7200, slurm)).toEqual([]);
    expect(unknownNames({}, null, slurm)).toEqual([]);
  });
});
