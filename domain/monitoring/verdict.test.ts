import { describe, expect, it } from "vitest";
import type { ClusterRow } from "../clusters/cluster-view.ts";
import type { FailureClass } from "../experiments/failure.ts";
import type { RunRow } from "../experiments/run-view.ts";
import { judge } from "./verdict.ts";

const counts = { queued: 0, starting: 0, running: 0, cancelling: 0, unreachable: 0, succeeded: 0, failed: 0, cancelled: 0 };
const quiet = { running: [], waiting: [], failedToday: [], failedCount: 0, counts };

function cluster(over: Partial<ClusterRow>): ClusterRow {
  return {
    id: "cl_1", slug: "lab", name: "Lab", region: "", driver: "process", reachability: { state: "reachable", since: null }, drainedAt: null, agentVersion: null,
    nodes: { total: 2, up: 2, drained: 0 }, cpus: { total: 8, used: 0 }, memoryMib: { total: 8, used: 0 }, accelerators: { total: 0, used: 0, failed: 0, models: [] }, load: null, liveAttempts: 0, ...over,
  };
}
const run = (name: string, failureClass: FailureClass | null = null) => ({ id: `run_${name}`, name, status: "failed", failureClass }) as RunRow;

describe("is anything wrong?", () => {
  it("no, when all answers and nothing failed", () => {
    expect(judge(quiet, [cluster({})])).toEqual({ tone: "good", title: "Nothing is wrong.", problems: [] });
  });

  it("a cluster out of reach is bad, and says what may go on unseen there", () => {
    const { tone, problems } = judge(quiet, [cluster({ reachability: { state: "unreachable", since: null }, liveAttempts: 3 })]);
    expect(tone).toBe("bad");
    expect(problems[0]).toMatchObject({ text: "Lab is out of reach; 3 runs there may go on unseen.", target: { kind: "cluster", id: "cl_1" } });
  });

  it("a cluster that was never connected or is drained on purpose is not a problem", () => {
    expect(judge(quiet, [cluster({ reachability: { state: "never", since: null }, nodes: { total: 0, up: 0, drained: 0 } }), cluster({ nodes: { total: 2, up: 1, drained: 1 } })]).problems).toEqual([]);
  });

  it("a revoked cluster is a problem only while runs go on there", () => {
    const revoked = { reachability: { state: "revoked" as const, since: null } };
    expect(judge(quiet, [cluster(revoked), cluster({ ...revoked, accelerators: { total: 8, used: 0, failed: 1, models: [] } })]).problems).toEqual([]);
    expect(judge(quiet, [cluster({ ...revoked, liveAttempts: 2 })]).problems).toMatchObject([{ tone: "bad", text: "Lab was revoked while 2 runs went on there." }]);
  });

  it("a failure of the run's own code is a warning, one of the machines is bad and comes first", () => {
    const { tone, problems } = judge({ ...quiet, failedToday: [run("typo", "user_code"), run("big", "hardware")] }, []);
    expect(tone).toBe("bad");
    expect(problems.map((problem) => problem.text)).toEqual(["big failed in the last 24 h through no fault of its own.", "typo ended with an error in the last 24 h."]);
  });

  it("several of a kind are one line that leads to the list", () => {
    const { problems } = judge({ ...quiet, failedToday: [run("a", "user_code"), run("b", "oom")], failedCount: 9 }, []);
    expect(problems).toEqual([{ tone: "warn", text: "9 runs ended with an error in the last 24 h.", target: { kind: "runs", status: "failed" } }]);
  });

  it("a run that no cluster can ever take is bad; one that merely waits is not", () => {
    const waits = { ...run("waits"), pending: { kind: "busy" as const, message: "" } };
    const never = { ...run("huge"), pending: { kind: "never" as const, message: "" } };
    expect(judge({ ...quiet, waiting: [waits] }, []).tone).toBe("good");
    expect(judge({ ...quiet, waiting: [waits, never] }, []).problems).toMatchObject([{ tone: "bad", target: { kind: "run", id: "run_huge" } }]);
  });

  it("says nothing of what one may not see", () => {
    expect(judge(null, null).problems).toEqual([]);
  });
});
