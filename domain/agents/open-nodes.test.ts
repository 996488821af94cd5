import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../queue/policy.ts";
import { forecast } from "../queue/forecast.ts";
import { cluster, node, NOW, pass, started, waiting } from "../queue/testing.ts";
import { placeRun } from "./choose.ts";
import { endWords, reservedAhead } from "./open-nodes.ts";
import { type ClusterSnapshot, fitOn, type NodeSnapshot } from "./placement.ts";

const asks = (id: string, slurm: Record<string, unknown>, resources: Record<string, unknown> = {}, over: Record<string, unknown> = {}) => waiting(id, { resources, spec: { overrides: { slurm }, ...over } });
/** A login partition of small machines, which is the default, and two of GPUs. */
const site = (...more: NodeSnapshot[]): ClusterSnapshot =>
  cluster("site", [node("c1", { partitions: ["login"], features: [] }), node("g1", { gpus: 4, partitions: ["gpu", "all"], features: ["nvlink", "ib"] }), node("g2", { gpus: 4, partitions: ["gpu", "all"], features: ["ib"] }), ...more], {
    defaultPartition: "login",
    capabilities: { driver: "slurm", maxNodes: 100, launchers: ["none"], git: true, checkpoint: true, overrides: ["partition", "qos", "reservation", "constraint"], memoryLimit: "cgroup" },
  });

describe("a run of a scheduler with partitions", () => {
  it("that names none goes to the default one's nodes only, and waits for them while others are free", () => {
    const one = site();
    expect(placeRun(waiting("a").spec, [one], NOW).choice).toMatchObject({ nodeNames: ["c1"] });
    one.nodes[0]!.freeCpus = 0;
    expect(fitOn(waiting("a").spec, one, NOW)).toMatchObject({ verdict: "later", reason: "Asked for 1 core per node; c1 has less free." });
    expect(pass([waiting("a")], [one]).placed).toEqual([]);
  });

  it("for which the default one has no node that is large enough is told so, with those that have one", () => {
    expect(fitOn(waiting("a", { resources: { gpus: 2 } }).spec, site(), NOW)).toMatchObject({ verdict: "never", field: "overrides.slurm.partition", reason: "Its default partition, login, has not enough nodes that are large enough. Those that have: all, gpu." });
    expect(fitOn(waiting("a", { resources: { gpus: 9 } }).spec, site(), NOW)).toMatchObject({ verdict: "never", field: "resources.gpus" });
    expect(pass([waiting("a", { resources: { gpus: 2 } })], [site()]).waiting.get("a")).toMatchObject({ kind: "never", message: expect.stringContaining("Those that have: all, gpu.") as string });
  });

  it("that names one goes to its nodes only", () => {
    expect(placeRun(asks("a", { partition: "gpu" }).spec, [site()], NOW).choice!.nodeNames[0]).toMatch(/^g/);
    expect(fitOn(asks("a", { partition: "gone" }).spec, site(), NOW)).toMatchObject({ verdict: "never", reason: expect.stringMatching(/^Its partition gone has not enough nodes/) as string });
  });

  it("goes to a partition that gives the time it asks for, and elsewhere where this one's does not", () => {
    const one = { ...site(), partitions: [{ name: "login", maxSeconds: 3600, defaultSeconds: 600 }, { name: "gpu", maxSeconds: 7200 }, { name: "all", maxSeconds: null }] };
    const [long, short] = [waiting("long", { spec: { maxDuration: 7200 } }), waiting("short", { spec: { maxDuration: 3600 } })];
    expect(fitOn(long.spec, one, NOW)).toMatchObject({ verdict: "never", field: "maxDuration", reason: "The partition login gives at most 1 h; asked for 2 h." });
    expect(fitOn(asks("a", { partition: "gpu" }, {}, { maxDuration: 7200 }).spec, one, NOW)).toMatchObject({ verdict: "now" });
    const { placed, waiting: why } = pass([long, short], [one]); // alike but for the time
    expect([placed.map(({ runId }) => runId), why.get("long")?.kind]).toEqual([["short"], "never"]);
    expect(pass([long], [one, cluster("other", [node("o1")])]).placed).toMatchObject([{ clusterId: "cl_other" }]);
  });

  it("that names no time is told what ends it: the partition's default, else the most that it gives", () => {
    const partitions = [{ name: "login", maxSeconds: 7200, defaultSeconds: 3600 }, { name: "gpu", maxSeconds: 7200, defaultSeconds: null }, { name: "all", maxSeconds: null, defaultSeconds: 600 }, { name: "free", maxSeconds: null }];
    const words = (slurm: Record<string, unknown>, over = {}) => endWords(asks("a", slurm, {}, over).spec, { ...site(), partitions });
    expect(words({})).toBe("It names no maxDuration: Slurm ends it after 1 h, the default of the partition login, which gives at most 2 h.");
    expect(words({ partition: "gpu" })).toBe("It names no maxDuration: Slurm ends it after 2 h, the most that the partition gpu gives.");
    expect(words({ partition: "all" })).toBe("It names no maxDuration: Slurm ends it after 10 min, the default of the partition all, which has no upper limit.");
    expect([words({ partition: "free" }), words({ partition: "gone" }), words({}, { maxDuration: 60 }), endWords(waiting("a").spec, site())]).toEqual([null, null, null, null]);
  });

  it("at a QOS gets no more time than that gives", () => {
    const one = { ...site(), partitions: [{ name: "login", maxSeconds: 7200, defaultSeconds: 3600 }], qos: [{ name: "brief", maxSeconds: 600 }, { name: "normal", maxSeconds: null }] };
    const fit = (qos: string, maxDuration: number) => fitOn(asks("a", { qos }, {}, { maxDuration }).spec, one, NOW);
    expect(fit("brief", 900)).toMatchObject({ verdict: "never", field: "maxDuration", reason: "The QOS brief gives at most 10 min; asked for 15 min." });
    expect([fit("brief", 600).verdict, fit("normal", 900).verdict]).toEqual(["now", "now"]);
    expect(endWords(asks("a", { qos: "brief" }).spec, one)).toBe("It names no maxDuration: Slurm ends it after 10 min, the most that the QOS brief gives.");
    expect(pass([asks("long", { qos: "brief" }, {}, { maxDuration: 900 }), asks("short", { qos: "brief" }, {}, { maxDuration: 600 })], [one]).placed.map(({ runId }) => runId)).toEqual(["short"]);
  });

  it("gets a reserved node only where it names the reservation, and then no other; without it, it waits", () => {
    const ours = { name: "ours", nodeNames: ["g1"], nodeCount: 1, startsAt: NOW - 1000, endsAt: NOW + 60_000, flags: "" };
    const one = (): ClusterSnapshot => ({ ...site(), reservations: [ours], nodes: site().nodes.map((each) => (each.name === "g1" ? { ...each, reserved: true } : each)) });
    const nodes = (slurm: Record<string, unknown>) => placeRun(asks("a", { partition: "gpu", ...slurm }, { gpus: 1 }).spec, [one()], NOW).choice?.nodeNames;
    expect([nodes({}), nodes({ reservation: "ours" })]).toEqual([["g2"], ["g1"]]);
    const both = asks("both", { partition: "gpu" }, { nodes: 2 });
    expect(fitOn(both.spec, one(), NOW)).toMatchObject({ verdict: "away", reason: expect.stringContaining("reserved") as string });
    expect(fitOn(asks("a", { partition: "gpu", reservation: "ours" }, { nodes: 2 }).spec, one(), NOW)).toMatchObject({ verdict: "never", field: "overrides.slurm.reservation" });
    expect(pass([both], [one()]).placed).toEqual([]);
  });

  it("is told of what is reserved ahead only where it may last until then and has too few nodes without those", () => {
    const upgrade = { name: "upgrade", nodeNames: ["g1", "g2"], nodeCount: 2, startsAt: NOW + 3_600_000, endsAt: NOW + 7_200_000, flags: "MAINT,SPEC_NODES" };
    const one = { ...site(), reservations: [upgrade] };
    const words = (slurm: Record<string, unknown>, maxDuration: number | null) => reservedAhead(asks("a", slurm, {}, { maxDuration }).spec, one, NOW, (left) => left.length > 0);
    expect(words({ partition: "gpu" }, 3601)).toBe("Slurm reserves 2 of the nodes in 1 h for 1 h (upgrade, for maintenance): what may run on until then starts after it. A shorter maxDuration starts before.");
    expect(words({ partition: "gpu" }, null)).toContain("upgrade");
    expect([words({ partition: "gpu" }, 3600), words({}, 7200), words({ partition: "gpu", reservation: "upgrade" }, 7200)]).toEqual([null, null, null]);
  });

  it("gets nodes with all the features that it wants; alternatives are the scheduler's to choose from", () => {
    const choose = (constraint: string) => placeRun(asks("a", { partition: "gpu", constraint }, { gpus: 1 }).spec, [site()], NOW).choice?.nodeNames;
    expect([choose("nvlink"), choose("ib&nvlink"), choose("nvlink|none")]).toEqual([["g1"], ["g1"], ["g1"]]);
    expect(fitOn(asks("a", { partition: "gpu", constraint: "nvlink" }, { nodes: 2 }).spec, site(), NOW)).toMatchObject({ verdict: "never", field: "overrides.slurm.constraint", reason: "Not enough of its nodes that are large enough have nvlink." });
  });

  it("is kept room for on nodes that are open to it, so that it delays nobody elsewhere, and is promised when those are free", () => {
    const one = site();
    for (const name of ["g1", "g2"]) started(one, asks(`on ${name}`, { partition: "gpu" }, { gpus: 4, cpus: 16 }), { nodeNames: [name], accelerators: [0, 1, 2, 3] }, {}, NOW + (name === "g1" ? 600_000 : 60_000));
    const queue = [asks("nvlink", { partition: "gpu", constraint: "nvlink" }, { gpus: 1 }), waiting("small", { queuedAt: NOW + 1 })];
    expect(pass(queue, [one]).placed.map(({ runId }) => runId)).toEqual(["small"]);
    expect(forecast({ queue, clusters: [one], now: NOW, policy: DEFAULT_POLICY, quotas: [], shares: new Map() }).get("nvlink")).toMatchObject({ at: NOW + 600_000 });
  });

  it("takes room only from those on nodes that are open to it, and gives back all that they had", () => {
    const one = site();
    started(one, asks("spread", { partition: "all" }, { gpus: 4, nodes: 2 }, { preemptible: true }), { nodeNames: ["g1", "g2"] }, { priority: 1 });
    started(one, waiting("login", { spec: { preemptible: true }, resources: { cpus: 16 } }), { nodeNames: ["c1"] }, { priority: 1 });
    const queue = [asks("first", { partition: "gpu", constraint: "nvlink" }, { gpus: 4 }, { priority: 90 }), asks("second", { partition: "gpu" }, { gpus: 4 }, { priority: 80 })];
    const { victims, waiting: why } = pass(queue, [one], { policy: { ...DEFAULT_POLICY, preemption: true } });
    expect(victims.map(({ runId }) => runId)).toEqual(["spread"]);
    expect(why.get("second")).toMatchObject({ message: "Room is being made for it: what runs there is saving its checkpoint." });
  });

  it("is never placed on nodes that are not open to it, whatever else waits and runs", () => {
    const names = ["login", "gpu", "big"];
    const someNode = fc.record({ gpus: fc.constantFrom(0, 4), partitions: fc.subarray(names, { minLength: 1 }) });
    const someRun = fc.record({ partition: fc.option(fc.constantFrom(...names)), gpus: fc.constantFrom(0, 0, 2), nodes: fc.constantFrom(1, 1, 2), priority: fc.integer({ min: 0, max: 100 }) });
    fc.assert(fc.property(fc.array(someNode, { minLength: 1, maxLength: 6 }), fc.array(someRun, { minLength: 1, maxLength: 12 }), (hosts, asked) => {
      const one = { ...site(), nodes: hosts.map(({ partitions, gpus }, at) => node(`n${at}`, { gpus, partitions, features: [] })) };
      const queue = asked.map(({ partition, gpus, nodes, priority }, at) => asks(`r${at}`, partition ? { partition } : {}, { gpus, nodes, cpus: 8 }, { priority }));
      for (const { runId, nodeNames } of pass(queue, [one]).placed) {
        const partition = asked[Number(runId.slice(1))]!.partition ?? "login";
        for (const name of nodeNames) expect(hosts[Number(name.slice(1))]!.partitions).toContain(partition);
      }
    }));
  });
});
