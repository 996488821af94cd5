import { startSmtpServer, type TakenMail } from "../../scripts/test/smtp-server.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costClocks, costDaily } from "../../db/schema/costs.ts";
import { DAY_MS, dayName, dayOf } from "../../domain/costs/days.ts";
import { bus } from "../bus.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";
import { sendReports } from "./jobs/send-reports.ts";

let world: TestWorld;
const taken: TakenMail[] = [];
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;
let berlin: Awaited<ReturnType<TestWorld["makeCluster"]>>;
let oslo: Awaited<ReturnType<TestWorld["makeCluster"]>>;
const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const ago = (days: number) => dayOf(midnight - days * DAY_MS);

beforeAll(async () => {
  smtp = await startSmtpServer({ onMail: (mail) => taken.push(mail) });
  Object.assign(process.env, { DROVER_SMTP: smtp.url, DROVER_MAIL_FROM: "Drover <drover@acme.test>", DROVER_URL: "http://drover.acme.test:7070" });
  world = await testWorld();
  berlin = await world.makeCluster(world.org.id, "berlin", { cpus: 16, gpus: 2 });
  oslo = await world.makeCluster(world.org.id, "oslo", { cpus: 16, gpus: 2 });
  await world.owner.api.costs.addPrice({ kind: "accelerator", clusterId: berlin.id, unitPrice: "4", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "accelerator", clusterId: oslo.id, unitPrice: "3", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "0.01", validFrom: "2020-01-01T00:00:00Z" });
  await world.db.insert(costClocks).values([berlin, oslo].map(({ id }) => ({ clusterId: id, orgId: world.org.id, completeTo: new Date(midnight) })));
});
afterAll(async () => {
  await world.close();
  await smtp.stop();
});

/** What an experiment cost on a day, as the ledger's sums have it. */
async function cost(of: { projectId: string; experimentId: string; ownerId: string }, day: string, amount: string, kind: "accelerator" | "memory" = "accelerator", cluster = berlin) {
  const { projectId, experimentId, ownerId } = of;
  await world.db.insert(costDaily).values({ orgId: world.org.id, day, projectId, experimentId, ownerId, clusterId: cluster.id, kind, model: kind === "accelerator" ? "NVIDIA H100 80GB HBM3" : "", capacityClass: "owned", quantity: "1", amount, provisional: "0" });
}
async function experiment(projectId: string, name: string, of: { runs: number; peakMib: number | null; memory: string; gpus: number }) {
  const spec = specOf({ name, resources: { gpus: of.gpus, memory: of.memory }, cluster: "berlin" });
  const first = await world.makeRun({ name, projectId, spec, status: "succeeded", clusterId: berlin.id });
  const runs = [first];
  for (let at = 1; at < of.runs; at += 1) runs.push(await world.makeRun({ name, projectId, experimentId: first.experimentId, spec, status: "succeeded", clusterId: berlin.id }));
  for (const run of runs) await world.makeAttempt(run, berlin.id, { status: "ended", outcome: "succeeded", endedAt: new Date(Date.now() - DAY_MS), peakMemoryMib: of.peakMib });
  return { projectId, experimentId: first.experimentId, ownerId: world.owner.id, newest: runs.at(-1)! };
}

describe("what rose", () => {
  it("is named with its causes, to those who see the project", async () => {
    const vision = await experiment(world.vision.id, "detector", { runs: 1, peakMib: null, memory: "1GiB", gpus: 1 });
    const speech = await experiment(world.speech.id, "conformer", { runs: 1, peakMib: null, memory: "1GiB", gpus: 1 });
    for (let day = 1; day <= 60; day += 1) {
      await cost(vision, ago(day), day <= 2 ? "900" : "100");
      await cost(speech, ago(day), "100");
    }
    const { anomalies, lastDay } = await world.owner.api.costs.advice();
    expect(lastDay).toBe(ago(1));
    expect(anomalies).toHaveLength(1);
    expect(anomalies[0]).toMatchObject({ key: world.vision.id, label: "vision", from: ago(2), to: ago(1), isOpen: true, causes: [{ dimension: "experiment", percent: 100 }, { dimension: "person", label: "Olga Owner", percent: 100 }, { dimension: "resource", label: "NVIDIA H100 80GB HBM3", percent: 100 }] });
    expect(+anomalies[0]!.extra).toBe(1600);
    const other = await world.makeUser(world.org.id, world.org.slug, "Vic", [["viewer", "project", world.speech.id]]);
    expect((await other.api.costs.advice()).anomalies).toEqual([]);
  });

  it("is told in the organization's own currency alone: another one is refused, and not passed over in silence", async () => {
    await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2020-01-01", rate: "1.1" });
    await expect(world.owner.api.costs.createSchedule({ cadence: "rises", scope: { type: "org", id: "org" }, recipients: ["eu@acme.test"], currency: "EUR" })).rejects.toThrow("organization's own currency");
  });

  it("is mailed once to who asked for it: not the next day again while it goes on, and not of other projects", async () => {
    const { api } = world.owner;
    const ask = async (recipient: string, scope: { type: "org" | "project"; id: string }) => (await api.costs.createSchedule({ cadence: "rises", scope, recipients: [recipient] })).id;
    const broken = await ask("broken@acme.test", { type: "org", id: "org" }); // its look fails, and holds up nobody else's
    const late = await ask("late@acme.test", { type: "org", id: "org" }); // after it was found: that is no news to them
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(taken).toEqual([]);
    const id = await ask("lead@acme.test", { type: "org", id: "org" });
    await ask("speech@acme.test", { type: "project", id: world.speech.id });
    await world.sql`update cost_schedules set due_after = now() - interval '2 days' where id <> ${late}`;
    await world.sql`update cost_schedules set recipients = array(select string_agg(md5(part::text), '') from generate_series(1, 300) part) where id = ${broken}`; // longer than an index takes
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(taken.map(({ to, mail }) => [to, mail.subject])).toEqual([[["lead@acme.test"], `vision cost $900.00 on ${dayName(ago(2))}, 9 × its usual $100.00`]]);
    for (const words of [`Since ${dayName(ago(2))}, and still so.`, "$1,600.00 more than usual.", "100 % of it runs of Olga Owner", "/acme/costs/recommendations", "Olga Owner asked for it"]) expect(taken[0]!.mail.text).toContain(words);
    await world.sql`update cost_schedules set looked_to = null`; // as on the next complete day
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(taken).toHaveLength(1);
    expect((await api.costs.schedules()).deliveries.map(({ title, state }) => [title, state])).toEqual([[`vision cost $900.00 on ${dayName(ago(2))}, 9 × its usual $100.00`, "sent"]]);
    expect([...await world.sql`select looked_to is null as waits from cost_schedules where id = ${broken}`]).toEqual([{ waits: true }]);
    await api.costs.deleteSchedule({ id: broken });
    await expect(api.costs.sendSchedule({ id })).rejects.toThrow("nothing to send at once");
    await world.sql`delete from cost_deliveries`;
    await api.costs.pauseSchedule({ id, paused: true });
    await world.sql`update cost_schedules set looked_to = null`;
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(taken).toHaveLength(1);
    expect(await world.sql`select 1 from audit_log where action = 'schedule.change' and target_id = ${id}`).toHaveLength(1);
  });
});

it("what rose is told of every project, however many rise on one day", async () => {
  await world.sql`delete from cost_deliveries`;
  const { id } = await world.owner.api.costs.createSchedule({ cadence: "rises", scope: { type: "org", id: "org" }, recipients: ["all@acme.test"] });
  const [team] = await world.sql<{ id: string }[]>`select team_id as id from projects where id = ${world.vision.id}`;
  for (let n = 0; n < 11; n += 1) {
    const project = await world.owner.api.access.createProject({ teamId: team!.id, name: `many ${n}` });
    for (let day = 1; day <= 60; day += 1) await cost({ projectId: project.id, experimentId: "exp_many", ownerId: world.owner.id }, ago(day), day === 1 ? "900" : "100");
  }
  await world.sql`update cost_schedules set due_after = now() - interval '2 days' where id = ${id}`;
  await sendReports({ db: world.db, bus: bus() }, Date.now());
  expect(taken.filter(({ to, mail }) => to.includes("all@acme.test") && mail.subject?.startsWith("many")).length).toBe(11);
  await world.owner.api.costs.deleteSchedule({ id });
});

describe("what would cost less", () => {
  it("is memory that is asked for and never used, with the newest run to start from", async () => {
    const wide = await experiment(world.speech.id, "too wide", { runs: 6, peakMib: 2300, memory: "32GiB", gpus: 0 });
    await cost(wide, ago(3), "320", "memory");
    const { recommendations } = await world.owner.api.costs.advice();
    const found = recommendations.find(({ id }) => id === `memory ${wide.experimentId}`)!;
    expect(found).toMatchObject({ kind: "memory", per: "month", act: { kind: "clone", runId: wide.newest.id, patch: { memory: 3072 } } });
    expect(found.title).toMatch(/Ask for 3 GiB instead of 32 GiB in speech \//);
    expect(+found.saving).toBeCloseTo(290, 3); // 29 of 32 GiB
  });

  it("is no memory that a run used which did not end well: it may be just what it lacked", async () => {
    const greedy = await experiment(world.speech.id, "greedy at times", { runs: 6, peakMib: 2300, memory: "32GiB", gpus: 0 });
    await cost(greedy, ago(3), "320", "memory");
    await world.makeAttempt(greedy.newest, berlin.id, { number: 2, status: "ended", outcome: "failed", endedAt: new Date(Date.now() - DAY_MS), peakMemoryMib: 32_000 });
    expect((await world.owner.api.costs.advice()).recommendations.some(({ id }) => id === `memory ${greedy.experimentId}`)).toBe(false);
  });

  it("is the cheaper cluster that fits, not one that lacks what the run asks for", async () => {
    const dear = await experiment(world.speech.id, "dear", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    const wide = await experiment(world.speech.id, "wider than oslo", { runs: 1, peakMib: null, memory: "1GiB", gpus: 3 });
    for (const one of [dear, wide]) await cost(one, ago(4), "1000");
    const { recommendations } = await world.owner.api.costs.advice();
    const found = recommendations.find(({ id }) => id === `cluster ${dear.experimentId}`)!;
    expect(found).toMatchObject({ kind: "cluster", act: { kind: "clone", runId: dear.newest.id, patch: { cluster: "oslo" } } });
    expect(found.why).toMatch(/An hour there costs 25 % less than on berlin/);
    expect(+found.saving).toBeGreaterThan(245);
    expect(+found.saving).toBeLessThan(251);
    expect(recommendations.some(({ id }) => id === `cluster ${wide.experimentId}`)).toBe(false);
  });

  it("saves of what it cost where its newest run ran, and nothing of what it cost at the cheaper place", async () => {
    const moved = await experiment(world.speech.id, "moved", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    await cost(moved, ago(5), "1000", "accelerator", oslo);
    await cost(moved, ago(4), "100");
    const { recommendations } = await world.owner.api.costs.advice();
    expect(+recommendations.find(({ id }) => id === `cluster ${moved.experimentId}`)!.saving).toBeCloseTo(25, 0);
  });

  it("is fewer cores than are asked for, where no run of it ever used them, with the newest run to start from", async () => {
    await world.owner.api.costs.addPrice({ kind: "cpu", unitPrice: "0.05", validFrom: "2020-01-01T00:00:00Z" });
    const make = async (name: string, peaks: readonly number[]) => {
      const made = await experiment(world.speech.id, name, { runs: peaks.length, peakMib: null, memory: "1GiB", gpus: 0 });
      await world.sql`update runs set spec = jsonb_set(spec, '{resources,cpus}', '16') where experiment_id = ${made.experimentId}`;
      const own = await world.sql<{ id: string; cluster_id: string }[]>`select a.id, a.cluster_id from attempts a join runs r on r.id = a.run_id where r.experiment_id = ${made.experimentId} order by a.id`;
      for (const [at, { id, cluster_id }] of own.entries()) await world.sql`insert into telemetry (cluster_id, subject, subject_id, key, at, times, values) values (${cluster_id}, 'attempt', ${id}, 'cpu', now() - interval '1 day', ${[Date.now()]}, ${[0.5, peaks[at]!, 1]})`;
      await world.db.insert(costDaily).values({ orgId: world.org.id, day: ago(3), projectId: made.projectId, experimentId: made.experimentId, ownerId: made.ownerId, clusterId: berlin.id, kind: "cpu", model: "", capacityClass: "owned", quantity: "6400", amount: "320", provisional: "0" });
      return made;
    };
    const wide = await make("too many cores", [2, 2.2, 3.1, 1, 2]);
    const busy = await make("busy at times", [2, 2, 15.5, 1, 2]);
    const unknown = await make("hardly measured", [2, 2, 2]);
    const { recommendations } = await world.owner.api.costs.advice();
    const found = recommendations.find(({ id }) => id === `cores ${wide.experimentId}`)!;
    expect(found).toMatchObject({ kind: "cores", per: "month", title: expect.stringMatching(/^Ask for 4 cores instead of 16 in speech \//) as string, act: { kind: "clone", runId: wide.newest.id, patch: { cpus: 4 } } });
    expect(found.why).toContain("its last 5 runs used was 3.1.");
    expect(+found.saving).toBeCloseTo(240, 3); // 12 of 16 cores
    for (const { experimentId } of [busy, unknown]) expect(recommendations.some(({ id }) => id === `cores ${experimentId}`)).toBe(false);
  });

  it("is spot capacity for what saves checkpoints and ran on demand, less what was lost there", async () => {
    const saves = await experiment(world.speech.id, "saves", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    const loses = await experiment(world.speech.id, "saves nothing", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    await world.sql`update runs set checkpoint_cluster_id = ${berlin.id} where id = ${saves.newest.id}`;
    for (const { projectId, experimentId, ownerId } of [saves, loses]) await world.db.insert(costDaily).values({ orgId: world.org.id, day: ago(3), projectId, experimentId, ownerId, clusterId: berlin.id, kind: "accelerator", model: "NVIDIA H100 80GB HBM3", capacityClass: "on-demand", quantity: "100", amount: "400", provisional: "0" });
    const advice = async (of = saves) => (await world.owner.api.costs.advice()).recommendations.find(({ id }) => id === `spot ${of.experimentId}`);
    expect(await advice()).toBeUndefined(); // nothing is a price of spot
    await world.owner.api.costs.addPrice({ kind: "accelerator", model: "h100", capacityClass: "spot", unitPrice: "1", validFrom: "2020-01-01T00:00:00Z" });
    const before = (await advice())!;
    expect(before).toMatchObject({ kind: "spot", act: null, title: expect.stringMatching(/ on spot capacity$/) as string });
    expect(+before.saving).toBe(300);
    expect(before.why).toContain("No run has been on spot capacity yet");
    expect(await advice(loses)).toBeUndefined();

    const spot = await world.makeCluster(world.org.id, "spotty", { cpus: 16, gpus: 2 });
    await world.sql`update clusters set capacity_class = 'spot' where id = ${spot.id}`;
    const once = await world.makeRun({ name: "once", projectId: world.speech.id, status: "succeeded", clusterId: spot.id });
    const hours = (from: number, to: number) => ({ startedAt: new Date(Date.now() - from * 3_600_000), endedAt: new Date(Date.now() - to * 3_600_000), gpus: 2 });
    await world.makeAttempt(once, spot.id, { status: "ended", outcome: "failed", failureClass: "preempted", ...hours(10, 9) });
    await world.makeAttempt(once, spot.id, { number: 2, status: "ended", outcome: "succeeded", ...hours(9, 5) });
    const found = (await advice())!;
    expect(found).toMatchObject({ title: expect.stringMatching(/ on spot capacity, on spotty$/) as string, act: { kind: "clone", runId: saves.newest.id, patch: { cluster: "spotty" } } });
    expect(+found.saving).toBe(280); // 400 - 100 hours at 1, and a fifth of that again
    expect(found.why).toContain("Of 2 attempts there 1 was taken away");
    expect((await world.owner.api.costs.advice()).recommendations.filter(({ act }) => act?.kind === "clone" && act.patch.cluster === "spotty" && act.runId === saves.newest.id)).toHaveLength(1);
    await world.sql`update clusters set capacity_class = 'owned' where id = ${spot.id}`;
    await world.sql`update accelerators set present = false where cluster_id = ${spot.id}`;
  });

  it("is no place that costs more than the cheapest accelerators where it ran, and says when it gets others", async () => {
    const bonn = await world.makeCluster(world.org.id, "bonn", { cpus: 16, gpus: 2 });
    const [node] = await world.sql<{ id: string }[]>`select id from nodes where cluster_id = ${bonn.id}`;
    await world.sql`insert into accelerators (id, org_id, cluster_id, node_id, index, uuid, model, memory_mib, health) select 'acc_bonn' || n, ${world.org.id}, ${bonn.id}, ${node!.id}, 2 + n, 'GPU-A' || n, 'NVIDIA A100-SXM4-80GB', 81920, 'ok' from generate_series(0, 1) n`;
    for (const [model, unitPrice] of [["h100", "9"], ["a100", "2"]] as const) await world.owner.api.costs.addPrice({ kind: "accelerator", clusterId: bonn.id, model, unitPrice, validFrom: "2020-01-01T00:00:00Z" });
    const any = await experiment(world.speech.id, "any accelerator", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    const hopper = await experiment(world.speech.id, "hopper", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    await world.sql`update runs set cluster_id = ${bonn.id} where experiment_id = any(${[any.experimentId, hopper.experimentId]}::text[])`;
    await world.sql`update runs set spec = jsonb_set(spec, '{resources,gpuModel}', '"H100"') where experiment_id = ${hopper.experimentId}`;
    for (const one of [any, hopper]) await cost(one, ago(4), "1000", "accelerator", bonn);
    const { recommendations } = await world.owner.api.costs.advice();
    expect(recommendations.some(({ id }) => id === `cluster ${any.experimentId}`)).toBe(false); // it may well have run at 2 an hour
    const found = recommendations.find(({ id }) => id === `cluster ${hopper.experimentId}`)!;
    expect(found.act).toMatchObject({ patch: { cluster: "oslo" } });
    expect(found.why).not.toContain("accelerators are others");
    await world.sql`update accelerators set model = 'NVIDIA A100-SXM4-80GB' where cluster_id = ${oslo.id}`;
    await world.sql`update runs set spec = jsonb_set(spec, '{resources,gpuModel}', 'null'), cluster_id = ${berlin.id} where experiment_id = ${any.experimentId}`;
    await cost(any, ago(4), "1000");
    const again = await world.owner.api.costs.advice();
    expect(again.recommendations.find(({ id }) => id === `cluster ${any.experimentId}`)!.why).toContain("accelerators are others");
    await world.sql`update accelerators set model = 'NVIDIA H100 80GB HBM3' where cluster_id = ${oslo.id}`;
  });

  it("is nothing of what the caller may not see", async () => {
    const other = await world.makeUser(world.org.id, world.org.slug, "Vi", [["viewer", "project", world.vision.id]]);
    const { recommendations } = await other.api.costs.advice();
    expect(recommendations.filter(({ title }) => title.includes("speech"))).toEqual([]);
  });
});
