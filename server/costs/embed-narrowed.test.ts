import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costClocks, costDaily } from "../../db/schema/costs.ts";
import type { PublishReport } from "../../domain/costs/embed-inputs.ts";
import type { EmbeddedReport } from "../../domain/costs/embed-view.ts";
import { testWorld } from "../experiments/testing.ts";
import { embedWorld } from "./embed-testing.ts";

const DAY_MS = 86_400_000;
const dayAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const embed = await embedWorld(await testWorld());
const { world, makeClient, sessionOf, look, seen } = embed;
let [berlin, team] = ["", ""]; // the team of vision, not of speech

/** Three people of vision on both clusters, two of speech and nobody on the first. */
beforeAll(async () => {
  const clusters = [await world.makeCluster(world.org.id, "berlin"), await world.makeCluster(world.org.id, "oslo")];
  berlin = clusters[0]!.id;
  team = (await world.sql<{ id: string }[]>`select team_id as id from projects where id = ${world.vision.id}`)[0]!.id;
  const spent = (clusterId: string, projectId: string, amounts: string[]) =>
    amounts.map((amount, at) => ({ day: dayAgo(1), orgId: world.org.id, clusterId, projectId, ownerId: projectId && `usr_${at}`, experimentId: "", kind: "cpu" as const, model: "", capacityClass: "owned" as const, quantity: amount, amount, provisional: "0" }));
  await world.db.insert(costDaily).values([...spent(berlin, world.vision.id, ["1", "2", "4"]), ...spent(berlin, world.speech.id, ["8", "16"]), ...spent(berlin, "", ["32"]), ...spent(clusters[1]!.id, world.vision.id, ["64", "128", "256"]), ...spent(clusters[1]!.id, world.speech.id, ["512", "1024", "2048"])]);
  for (const { id } of clusters) await world.db.insert(costClocks).values({ clusterId: id, orgId: world.org.id, completeTo: new Date(`${dayAgo(0)}T01:00:00Z`) });
});
afterAll(embed.close);

async function published(by: PublishReport["by"], filter: PublishReport["filter"], client: Parameters<typeof makeClient>[0] = {}) {
  const { id } = await world.owner.api.costs.publishReport({ title: "Narrowed", by, range: "7d", filter });
  await makeClient({ reportIds: [id], ...client });
  return { id, session: (more: object = {}) => sessionOf({ rep: [id], cap: ["csv"], ...more }) };
}

describe("a published report that is narrowed", () => {
  it("shows that alone, in the frame and in the file, and says to what", async () => {
    const { id, session } = await published("project", { cluster: berlin });
    const open = await session();
    expect(await seen(open, id)).toEqual(["Idle 32", "speech 24", "vision 7"]);
    const { spend } = (await (await look(open, id)).json()) as EmbeddedReport;
    expect(spend.narrowed).toEqual([{ by: "cluster", label: "berlin" }]);
    const file = await (await look(open, id, "export")).text();
    expect(file.trim().split("\r\n").slice(1).map((line) => line.split(",").filter((_, at) => [2, 3, 9].includes(at)).join(" ")).toSorted()).toEqual([" berlin 32", "speech berlin 24", "vision berlin 7"]);
    const row = (await world.owner.api.costs.embeds()).reports.find((one) => one.id === id);
    expect(row?.narrowed).toEqual([{ by: "cluster", label: "berlin" }]);
    const [entry] = await world.sql`select after from audit_log where action = 'embed.publish' and target_id = ${id}`;
    expect(entry).toMatchObject({ after: { filter: { cluster: berlin } } });
  });

  it("follows its project, whatever that is called, and shows nothing to who may not see it", async () => {
    const { id, session } = await published("cluster", { project: world.speech.id, kind: "cpu " });
    expect(await seen(await session(), id)).toEqual(["berlin 24", "oslo 3584"]);
    await world.sql`update projects set slug = 'voice', name = 'Voice' where id = ${world.speech.id}`;
    const open = await session();
    expect(await seen(open, id)).toEqual(["berlin 24", "oslo 3584"]);
    expect(((await (await look(open, id)).json()) as EmbeddedReport).spend.narrowed).toEqual([{ by: "project", label: "Voice" }, { by: "kind", label: "CPU cores" }]);
    const blind = await session({ flt: { project: ["vision"] } });
    expect(await seen(blind, id)).toEqual([]);
    expect(JSON.stringify(await (await look(blind, id)).json())).not.toMatch(/voice/i);
    await world.sql`update projects set slug = 'speech', name = 'speech' where id = ${world.speech.id}`;
  });

  it("is of the same parts as every other, where so many people must be behind each figure", async () => {
    const whole = await published("project", undefined, { minGroup: 3 });
    expect(await seen(await whole.session(), whole.id)).toEqual(["speech 3584", "vision 455"]); // 24 of two, and what nobody held beside them
    for (const [filter, groups] of [[{ project: world.speech.id }, ["speech 3584"]], [{ cluster: berlin }, ["vision 7"]], [{ project: world.speech.id, cluster: berlin }, []], [{ team }, ["vision 455"]], [{ team: "idle" }, []]] as const) {
      const { id, session } = await published("project", filter, { minGroup: 3 });
      expect([filter, await seen(await session(), id)]).toEqual([filter, groups]);
    }
  });

  it("that joins smaller groups has none of others in it, once it is of one project", async () => {
    await world.db.insert(costDaily).values([{ day: dayAgo(1), orgId: world.org.id, clusterId: berlin, projectId: (await world.org.makeProject("tiny")).id, ownerId: "usr_2", experimentId: "", kind: "cpu", model: "", capacityClass: "owned", quantity: "4096", amount: "4096", provisional: "0" }]);
    const whole = await published("project", undefined, { minGroup: 3 });
    expect(await seen(await whole.session(), whole.id)).toEqual(["Idle 32", "Others 4120", "speech 3584", "vision 455"]);
    const { id, session } = await published("project", { project: world.vision.id }, { minGroup: 3 });
    expect(await seen(await session(), id)).toEqual(["vision 455"]);
  });

  it("may name no person, no run and no days of one's own", async () => {
    for (const filter of [{ person: world.owner.id }, { experiment: "exp_1" }, { outcome: "failed" }, { source: "outside" }, { team: "outside:physics" }, {}]) {
      await expect(world.owner.api.costs.publishReport({ title: "No", by: "project", range: "7d", filter: filter as never })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    }
  });
});
