import { describe, expect, it } from "vitest";
import { fitOn } from "../agents/placement.ts";
import { RunSpec } from "../experiments/run-spec.ts";
import { bindingConstraint } from "./explain.ts";
import { forecast } from "./forecast.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import type { Quota } from "./quota.ts";
import { cluster, node, NOW, pass, started, waiting } from "./testing.ts";

const elastic = (id: string, { nodes = 4, minNodes = 2, ...over }: { nodes?: number; minNodes?: number; queuedAt?: number } = {}) => waiting(id, { resources: { gpus: 8, nodes, minNodes }, spec: { launcher: "torchrun" }, ...over });
const nodes = (free: number, taken: number) => [...Array.from({ length: taken }, (_, at) => node(`busy${at}`, { gpus: 8, taken: 8 })), ...Array.from({ length: free }, (_, at) => node(`free${at}`, { gpus: 8 }))];
const quota = (limit: number): Quota => ({ id: "quo_1", scope: "team", scopeId: "team_a", scopeName: "vision", model: "H100", guaranteed: 0, borrow: true, limit });

describe("a run that takes between two and four nodes", () => {
  it.each([[5, 4], [4, 4], [3, 3], [2, 2]])("starts, of %i free ones, on %i at once", (free, got) => {
    const [choice] = pass([elastic("e")], [cluster("a", nodes(free, 2))]).placed;
    expect(choice!.nodeNames).toHaveLength(got);
  });

  it("waits where one is free, and says what it asked for in the reason, the plan and the binding constraint", () => {
    const [run, one] = [elastic("e"), cluster("a", nodes(1, 3))];
    const { placed, waiting: reasons } = pass([run], [one]);
    expect(placed).toEqual([]);
    expect(reasons.get("e")).toMatchObject({ kind: "busy", message: "a is busy. Asked for 2 to 4 nodes; fewer are free enough." });
    expect(fitOn(run.spec, cluster("a", nodes(3, 1)), NOW).reason).toBe("It fits now, on 3 of at most 4 nodes.");
    expect(fitOn(run.spec, cluster("a", nodes(1, 0)), NOW)).toMatchObject({ verdict: "never", reason: "Asked for 2 to 4 nodes; 1 is large enough." });
    expect(bindingConstraint(run.spec, [one])).toBe("Needs 8 × accelerator on each of at least 2 nodes; the largest free block is 8 on free0.");
  });

  it("goes where it gets more of them", () => {
    expect(pass([elastic("e")], [cluster("a", nodes(2, 0)), cluster("b", nodes(3, 0))]).placed).toMatchObject([{ clusterId: "cl_b", nodeNames: ["free0", "free1", "free2"] }]);
  });

  it("takes no more than its quota leaves it, and waits where that is less than it needs", () => {
    const within = (limit: number) => pass([elastic("e")], [cluster("a", nodes(4, 0))], { quotas: [quota(limit)] });
    expect([32, 31, 24, 16].map((limit) => within(limit).placed[0]!.nodeNames.length)).toEqual([4, 3, 3, 2]);
    expect(within(15).waiting.get("e")).toMatchObject({ kind: "quota" });
  });

  it("is promised its start, and room is made for it, as soon as there is enough", () => {
    const lone = () => cluster("a", [node("n1", { gpus: 8 }), node("n2", { gpus: 8 }), node("n3", { gpus: 8 })]);
    const two = lone();
    for (const [at, name] of ["n1", "n2"].entries()) started(two, waiting(name, { resources: { gpus: 8 } }), { nodeNames: [name] }, {}, NOW + (at + 1) * 3_600_000);
    expect(forecast({ queue: [elastic("e")], clusters: [two], now: NOW, policy: DEFAULT_POLICY, quotas: [], shares: new Map() }).get("e")!.at).toBe(NOW + 3_600_000);
    const full = lone();
    for (const name of ["n1", "n2", "n3"]) started(full, waiting(name, { resources: { gpus: 8 }, spec: { preemptible: true, priority: 0 } }), { nodeNames: [name] }, { priority: 0 });
    expect(pass([elastic("e")], [full], { policy: { ...DEFAULT_POLICY, preemption: true } }).victims).toHaveLength(2);
  });

  it("is another ask than one of the same size that needs all of its nodes", () => {
    const rigid = waiting("r", { resources: { gpus: 8, nodes: 4 }, spec: { launcher: "torchrun" } });
    expect(pass([rigid, { ...elastic("e"), queuedAt: NOW + 1 }], [cluster("a", nodes(3, 1)), cluster("b", nodes(3, 0))]).placed.map(({ runId }) => runId)).toEqual(["e"]);
  });
});

it("a spec asks for no more nodes at the least than it may have", () => {
  const spec = (resources: object) => RunSpec.safeParse({ name: "a", project: "p", command: "x", resources });
  expect(spec({ nodes: 2, minNodes: 3 }).error?.issues).toMatchObject([{ path: ["resources", "minNodes"], message: "Must not be more than nodes." }]);
  expect(spec({ nodes: 3, minNodes: 3 }).success).toBe(true);
});
