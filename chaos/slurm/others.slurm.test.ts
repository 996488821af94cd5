import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../processes.ts";
import { startSlurmWorld, type SlurmWorld } from "./world.ts";

// What others do to runs on a real Slurm, and what its administrators set up: preemption, requeue, reservations, accounts.

let world: SlurmWorld;
beforeAll(async () => {
  world = await startSlurmWorld(null, { topology: true });
}, 240_000);
afterAll(() => world?.stop(), 120_000);

const squeue = async (job: string, field: string) => (await world.lab.run("squeue", ["-h", "-a", "-t", "all", "-j", job, "-o", field])).trim();
/** All of the cluster, at a QOS that pushes the low one aside. */
const pushAside = async (name: string, seconds: number) => (await world.lab.run("sbatch", ["--parsable", `--job-name=${name}`, "--qos=high", "--nodes=3-3", "--gpus-per-node=2", "--mem=100M", "--output=/dev/null", "--chdir=/tmp", `--wrap=sleep ${seconds}`])).trim();

/** Counts, and saves where it is only when it is told to stop. */
const COUNTER = `
at=$(cat "$DROVER_CHECKPOINT_DIR/at" 2>/dev/null || echo 0)
echo "from $at"
trap 'echo "$at" > "$DROVER_CHECKPOINT_DIR/at"; echo "saved at $at"; exit ENDS' TERM
while :; do at=$((at + 1)); echo "drover: {\\"loss\\": 0.5, \\"step\\": $at}"; sleep 0.2; done
`;
const counter = (ends: number) => COUNTER.replace("ENDS", String(ends));
const LOW = { resources: { cpus: 1, memory: 256, gpus: 2 }, overrides: { slurm: { qos: "low" } } };
const said = (id: string, what: RegExp, number = 1) =>
  until(`attempt ${number} to say ${what}`, async () => {
    const { attempts, status, statusReason } = await world.get(id);
    const attempt = attempts.find((one) => one.number === number);
    const text = attempt ? (await world.stack.api.experiments.logPage.query({ attemptId: attempt.id, after: -1 })).segments.map((segment) => segment.text).join("") : "";
    if (what.test(text)) return what.exec(text)!;
    throw new Error(`it is ${status} (${statusReason}), Slurm has ${JSON.stringify(attempt?.scheduler)}, and it says: ${text.slice(-500)}`);
  }, 60);

/** Of its first attempt, as its page shows it. */
const jobOf = (id: string) => until("its job", async () => (await world.get(id)).attempts[0]?.scheduler?.job, 60);

async function expectPreempted(id: string, why: RegExp): Promise<void> {
  const run = await world.get(id);
  expect(run.attempts.map((one) => one.failureClass)).toEqual(["preempted", null]);
  expect(run.attempts[0]!.evidence).toMatchObject({ detail: expect.stringMatching(why) });
}
async function cancelled(id: string): Promise<void> {
  await world.stack.api.experiments.cancel.mutate({ id });
  await world.untilStatus(id, "cancelled");
}

describe("a run that Slurm stops for other work", { timeout: 240_000 }, () => {
  it.each([
    { grace: 20, when: "in its grace" },
    { grace: 0, when: "without a grace in Slurm's KillWait" },
  ])("is told, saves $when, is preempted whatever its exit code, and goes on from there when there is room", async ({ grace, when }) => {
    await world.lab.run("sacctmgr", ["-iQ", "modify", "qos", "low", "set", `GraceTime=${grace}`]);
    const id = await world.submit({ name: `aside ${when}`, command: counter(0), preemptible: true, ...LOW });
    await said(id, /"step": 5}/);
    const other = await pushAside("theirs", 4);
    const [, saved] = await said(id, /saved at (\d+)/);
    const [, from] = await said(id, /from (\d+)/, 2);
    expect(from).toBe(saved);
    await expectPreempted(id, /Slurm preempted it/);
    expect(await squeue(other, "%T")).toBe("COMPLETED");
    await cancelled(id);
  });

  it("or puts back into its queue by an administrator's hand: no second start comes of that job, but a new attempt", async () => {
    const id = await world.submit({ name: "requeued", command: counter(3), preemptible: true, ...LOW });
    await said(id, /"step": 5}/);
    const job = await jobOf(id);
    await world.lab.run("scontrol", ["update", `jobid=${job}`, "requeue=1"]); // else Slurm refuses: it was submitted with --no-requeue
    await world.lab.run("scontrol", ["requeue", job]);
    const [, saved] = await said(id, /saved at (\d+)/);
    const [, from] = await said(id, /from (\d+)/, 2);
    expect(from).toBe(saved);
    await expectPreempted(id, /Slurm put it back into its queue/);
    expect(await squeue(job, "%T")).toBe("CANCELLED");
    await cancelled(id);
  });
});


/** It reads its policy when it starts, and then at once what changes seldom in Slurm. */
async function agentAnew(): Promise<void> {
  const { api } = world.stack;
  const seenAt = async () => (await api.clusters.scheduler.query({ id: world.clusterId }))!.seenAt.getTime();
  const before = await seenAt();
  world.agent.signal("SIGKILL"); // its supervisor starts it again
  await until("the agent's first word", async () => (await seenAt()) > before, 60);
}

describe("what an administrator has set up", { timeout: 180_000 }, () => {
  const spec = { project: "default", cluster: "slurm-lab", command: "true", resources: { cpus: 1, memory: 256 } };
  const plan = (more: object) => world.stack.api.experiments.plan.query({ spec: { name: "planned", ...spec, ...more } as Parameters<typeof world.stack.api.experiments.plan.query>[0]["spec"] });
  const reserve = (...words: string[]) => world.lab.run("scontrol", ["create", "reservation", "users=root", ...words]);

  it("is in the console: on which switches the nodes hang, what is reserved for whom, how long a QOS lets work run; and it is kept to", async () => {
    const { api } = world.stack;
    await world.lab.run("sacctmgr", ["-iQ", "add", "qos", "brief"]);
    await world.lab.run("sacctmgr", ["-iQ", "modify", "qos", "brief", "set", "MaxWall=00:05:00"]);
    await world.lab.run("sacctmgr", ["-iQ", "modify", "user", "root", "set", "qos+=brief"]);
    await reserve("reservationname=ours", "starttime=now", "duration=30", "nodes=n03");
    await reserve("reservationname=upgrade", "starttime=now+1hour", "duration=120", "nodes=ALL", "flags=maint");
    try {
      await agentAnew();
      const { nodeList } = await until("the reserved node", async () => {
        const cluster = await api.clusters.get.query({ id: world.clusterId });
        return cluster.nodeList.some(({ reserved }) => reserved) && cluster;
      }, 30);
      expect(nodeList.map(({ name, topology, reserved, state }) => [name, topology, reserved, state])).toEqual([["n01", ["spine", "leaf1"], false, "up"], ["n02", ["spine", "leaf1"], false, "up"], ["n03", ["spine", "leaf2"], true, "up"]]);
      const { reservations } = (await api.clusters.scheduler.query({ id: world.clusterId }))!;
      expect(reservations.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
        { name: "ours", nodeNames: ["n03"], users: "root", nodeCount: 1 },
        { name: "upgrade", nodeNames: ["n01", "n02", "n03"], flags: expect.stringContaining("MAINT"), nodeCount: 3 },
      ]);

      expect(await plan({ maxDuration: 600, resources: { ...spec.resources, nodes: 3 } })).toMatchObject({ verdict: "later", message: expect.stringContaining("reserved") });
      expect((await plan({ maxDuration: 600 })).reserved).toBeNull();
      expect((await plan({ maxDuration: 7200 })).reserved).toMatch(/^Slurm reserves 3 of the nodes in (1 h|59 min.*) for 2 h \(upgrade, for maintenance\)/);
      await expect(world.submit({ name: "no-such-reservation", command: "true", overrides: { slurm: { reservation: "theirs" } } })).rejects.toThrow(/overrides\.slurm\.reservation: Slurm has no reservation theirs\. It has: (ours, upgrade|upgrade, ours)\./);
      await expect(world.submit({ name: "longer-than-its-qos", command: "true", maxDuration: 301, overrides: { slurm: { qos: "brief" } } })).rejects.toThrow(/maxDuration: The QOS brief gives at most 5 min/);

      const [inside, exact, crossing] = [
        await world.submit({ name: "inside", command: "true", maxDuration: 600, overrides: { slurm: { reservation: "ours" } } }),
        await world.submit({ name: "all-of-its-qos", command: "true", maxDuration: 300, overrides: { slurm: { qos: "brief" } } }),
        await world.submit({ name: "crossing", command: "true", maxDuration: 7200 }),
      ];
      expect((await world.untilStatus(inside, "succeeded")).attempts[0]!.nodeNames).toEqual(["n03"]);
      expect((await world.untilStatus(exact, "succeeded")).attempts[0]!.nodeNames).not.toEqual(["n03"]);
      await until("Slurm to keep it from the maintenance", async () => {
        const { attempts, status } = await world.get(crossing);
        const word = attempts[0]?.scheduler;
        if (word?.state === "PENDING" && /maintenance/i.test(word.reason ?? "")) return true;
        throw new Error(`it is ${status}: ${JSON.stringify(word)}`);
      }, 60);
      await cancelled(crossing);
    } finally {
      for (const name of ["ours", "upgrade"]) await world.lab.run("scontrol", ["delete", `reservationname=${name}`]);
    }
    await until("no node to be reserved", async () => (await api.clusters.get.query({ id: world.clusterId })).nodeList.every(({ reserved }) => !reserved), 30);
  });

  it("keeps a node for maintenance: it takes the run that names the reservation and no other, and is open to all again when that is over", async () => {
    const node = async () => (await world.stack.api.clusters.get.query({ id: world.clusterId })).nodeList.find(({ name }) => name === "n03")!;
    await reserve("reservationname=disks", "starttime=now", "duration=30", "nodes=n03", "flags=maint");
    try {
      await agentAnew();
      expect(await until("the node in maintenance", async () => ((await node()).reserved ? node() : null), 30)).toMatchObject({ state: "up", stateReason: expect.stringContaining("maintenance") });
      expect(await plan({ maxDuration: 600, resources: { ...spec.resources, nodes: 3 } })).toMatchObject({ verdict: "later", message: expect.stringContaining("reserved") });
      const id = await world.submit({ name: "tries-the-disks", command: "true", maxDuration: 600, overrides: { slurm: { reservation: "disks" } } });
      expect((await world.untilStatus(id, "succeeded")).attempts[0]!.nodeNames).toEqual(["n03"]);
    } finally {
      await world.lab.run("scontrol", ["delete", "reservationname=disks"]);
    }
    expect(await until("the maintenance to be over", async () => ((await node()).reserved ? null : node()), 30)).toMatchObject({ state: "up", stateReason: null });
    expect((await plan({ maxDuration: 600, resources: { ...spec.resources, nodes: 3 } })).verdict).toBe("now");
  });

  it("drains a node for what is new: what runs there goes on, and the run that it would have taken says so", async () => {
    const id = await world.submit({ name: "on-a-drained-node", command: "sleep 6; echo done", overrides: { slurm: { nodelist: "n03" } } });
    await jobOf(id);
    await world.lab.run("scontrol", ["update", "nodename=n03", "state=drain", "reason=fans"]);
    try {
      await until("the drained node", async () => (await world.stack.api.clusters.get.query({ id: world.clusterId })).nodeList.some(({ name, state, stateReason }) => name === "n03" && state === "draining" && stateReason?.includes("fans")), 30);
      expect(await plan({ maxDuration: 600, resources: { ...spec.resources, nodes: 3 } })).toMatchObject({ verdict: "later", message: expect.stringContaining("drained") });
      expect((await world.untilStatus(id, "succeeded")).attempts).toHaveLength(1);
    } finally {
      await world.lab.run("scontrol", ["update", "nodename=n03", "state=resume"]);
    }
    await world.lab.untilIdle();
  });
});

describe("whose account a run gets", { timeout: 120_000 }, () => {
  async function mapped(users: Record<string, string>): Promise<void> {
    const file = join(world.agent.service.env.DROVER_AGENT_STATE!, "policy.json");
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), slurm: { users } }));
    await agentAnew();
  }

  it("is the one that policy.json maps its owner to: the job, its files and its checkpoint are that account's, and its log comes all the same", async () => {
    await mapped({ "chaos@example.com": "nobody" });
    const id = await world.submit({ name: "theirs", command: `id -un; echo mine > "$DROVER_CHECKPOINT_DIR/file"; stat -c %U "$DROVER_CHECKPOINT_DIR/file"; touch in-its-folder && echo "in $(stat -c %U .)"; ${counter(143)}`, resources: { cpus: 1, memory: 256 }, overrides: { slurm: { account: "teama" } } });
    await said(id, /nobody\nnobody\nin nobody\nfrom 0\n/);
    expect(await squeue(await jobOf(id), "%u %a")).toBe("nobody teama");
    await cancelled(id);
    await said(id, /saved at/);
    const refused = await world.submit({ name: "not-theirs", command: "true", overrides: { slurm: { account: "research" } } });
    expect(await world.untilStatus(refused, "failed")).toMatchObject({ failureClass: "config", statusReason: expect.stringMatching(/account/i) });
  });

  it("is nobody's where policy.json does not name its owner", async () => {
    await mapped({ "ada@example.com": "nobody" });
    const id = await world.submit({ name: "unmapped", command: "true" });
    expect(await world.untilStatus(id, "failed")).toMatchObject({ failureClass: "config", statusReason: expect.stringContaining("policy.json, slurm.users: chaos@example.com is mapped to no account of this cluster.") });
  });
});
