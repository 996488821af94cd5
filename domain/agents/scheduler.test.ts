import { describe, expect, it } from "vitest";
import { foreignHolds, waitWords, type ForeignJob } from "./scheduler.ts";

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
  });
});
