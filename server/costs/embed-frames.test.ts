import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { costClocks, costDaily } from "../../db/schema/costs.ts";
import { b64, embedWorld, frameKey, HOST, now, proof, refused } from "./embed-testing.ts";
import { testWorld } from "../experiments/testing.ts";

const DAY_MS = 86_400_000;
const dayAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const embed = await embedWorld(await testWorld());
const { world, app, report, other, makeClient, client, token, exchange, sessionOf, target, ask, look, seen } = embed;

afterAll(embed.close);
beforeEach(async () => {
  await makeClient({ reportIds: [report, other] });
});

describe("a session that is taken from its frame", () => {
  it("opens nothing without the key of that frame, whatever is put in its place", async () => {
    const session = await sessionOf();
    const thief = await generateKeyPair("ES256");
    await refused(app.request(target(), { headers: { authorization: `DPoP ${session}` } }));
    await refused(app.request(target(), { headers: { authorization: `Bearer ${session}` } }));
    for (const bad of ["", "x.y.z", "A".repeat(5000), await proof("GET", target(), session, {}, thief), await proof("GET", target(), session, {}, thief, { jwk: await exportJWK(frameKey.publicKey) })]) await refused(ask(session, bad));
    const secret = new TextEncoder().encode("secret-of-the-thief");
    await refused(ask(session, await new SignJWT({}).setProtectedHeader({ alg: "HS256", typ: "dpop+jwt", jwk: { kty: "oct", k: "c2VjcmV0" } as object }).sign(secret)));
    await refused(ask(session, `${b64({ alg: "none", typ: "dpop+jwt", jwk: await exportJWK(frameKey.publicKey) })}.${b64({ htm: "GET", htu: target() })}.`));
    expect((await look(session)).status).toBe(200);
  });

  it("is of no use with a proof that was overheard: it is for one request, now, and works once", async () => {
    const session = await sessionOf({ cap: ["csv"] });
    const second = await sessionOf();
    const heard = await proof("GET", target(), session);
    expect((await ask(session, heard)).status).toBe(200);
    await refused(ask(session, heard));
    const twice = await proof("GET", target(), second);
    expect((await Promise.all([ask(second, twice), ask(second, twice), ask(second, twice)])).filter(({ status }) => status === 200)).toHaveLength(1);
    await refused(ask(session, await proof("GET", target(other), session)));
    await refused(ask(session, await proof("GET", target(), session), target(report, "export")));
    await refused(ask(session, await proof("POST", target(), session)));
    await refused(ask(session, await proof("GET", target(), second)));
    for (const iat of [now() - 120, now() + 120]) await refused(ask(session, await proof("GET", target(), session, { iat })));
    for (const more of [{ jti: "short" }, { jti: undefined }, { ath: undefined }, { role: "owner" }]) await refused(ask(session, await proof("GET", target(), session, more)));
    await refused(ask(session, await proof("GET", target(), session, {}, frameKey, { typ: "JWT" })));
  });

  it("is not given without a proof either, and the token is not used up by such a try", async () => {
    const signed = token();
    const bare = (dpop?: string) => app.request("/api/embed/session", { method: "POST", body: JSON.stringify({ client: client(), token: signed, origin: HOST }), headers: dpop ? { dpop } : {} });
    await refused(bare());
    await refused(bare(await proof("POST", "/api/embed/session", token())));
    await refused(bare(await proof("GET", "/api/embed/report", signed)));
    expect((await exchange(signed)).status).toBe(200);
  });
});

describe("a site that must have three people behind every figure", () => {
  const people = (orgId: string, clusterId: string) => (day: string, projectId: string, capacityClass: "owned" | "spot", amounts: string[]) =>
    amounts.map((amount, at) => ({ day, orgId, clusterId, projectId, ownerId: projectId && `usr_${at}`, experimentId: "", kind: "cpu" as const, model: "", capacityClass, quantity: amount, amount, provisional: "0" }));
  let tiny: { id: string };
  beforeAll(async () => {
    const cluster = await world.makeCluster(world.org.id, "berlin");
    tiny = await world.org.makeProject("tiny");
    const spent = people(world.org.id, cluster.id);
    await world.db.insert(costDaily).values([
      ...spent(dayAgo(1), world.vision.id, "owned", ["1", "2", "4"]), ...spent(dayAgo(1), world.speech.id, "owned", ["8", "16"]), ...spent(dayAgo(1), tiny.id, "owned", ["0", "0", "32"]), ...spent(dayAgo(1), "", "owned", ["64"]),
      ...spent(dayAgo(1), world.vision.id, "spot", ["128", "256", "512"]), ...spent(dayAgo(1), world.speech.id, "spot", ["1024"]), ...spent(dayAgo(1), "", "spot", ["2048"]),
      ...spent(dayAgo(0), world.vision.id, "owned", ["4096", "4096", "4096"]),
    ]);
    await world.db.insert(costClocks).values({ clusterId: cluster.id, orgId: world.org.id, completeTo: new Date(`${dayAgo(0)}T01:00:00Z`) });
  });
  beforeEach(async () => {
    await makeClient({ reportIds: [report, other], minGroup: 3 });
  });
  const of = (project: string[]) => sessionOf({ rep: [report, other], flt: { project } });

  it("sees smaller groups joined where together they are three, and otherwise neither them nor the idle rest that gives them away", async () => {
    const whole = await sessionOf({ rep: [report, other] });
    expect(await seen(whole)).toEqual(["Idle 64", "Others 56", "vision 903"]); // 56: two of speech and one of tiny, whose zeros are nobody
    expect(await seen(whole, other)).toEqual(["owned 127", "spot 896"]); // 1024 and 2048 are left out
  });

  it("learns nothing from the difference of two filters, of two reports or of a file", async () => {
    expect(await seen(await of(["vision"]))).toEqual(["vision 903"]);
    expect(await seen(await of(["vision", "speech"]))).toEqual(["vision 903"]);
    expect(await seen(await of(["speech"]))).toEqual([]);
    expect(await seen(await of(["tiny", "speech"]), other)).toEqual([]);
    expect(await seen(await of(["vision", "tiny"]), other)).toEqual(["owned 7", "spot 896"]);
    await makeClient({ minGroup: 3, projectIds: [world.vision.id, world.speech.id] }); // two of speech are too few to be joined
    expect(await seen(await sessionOf())).toEqual(["vision 903"]);
    await makeClient({ minGroup: 3 });
    const file = await (await look(await sessionOf({ cap: ["csv"] }), report, "export")).text();
    expect(file.trim().split("\r\n").slice(1).map((line) => line.split(",").filter((_, at) => [2, 6, 7, 9].includes(at)).join(" ")).toSorted()).toEqual([" owned 64 64", "others owned 56 56", "vision owned 7 7", "vision spot 896 896"]);
  });

  it("sees no day that is not complete: the next look would tell what one person added", async () => {
    await makeClient();
    expect(await seen(await sessionOf({ flt: { project: ["vision"] } }))).toEqual(["vision 13191"]);
    await world.owner.api.costs.changeEmbedClient({ id: client(), ...embed.input({ minGroup: 4 }) });
    expect(await seen(await sessionOf())).toEqual([]);
  });

  it("counts nobody whose use was taken back whole, and keeps no trace of them", async () => {
    const [{ id: far }, gone] = [await world.makeCluster(world.org.id, "far"), await world.org.makeProject("gone")];
    const spent = people(world.org.id, far);
    await world.db.insert(costClocks).values({ clusterId: far, orgId: world.org.id, completeTo: new Date(`${dayAgo(0)}T01:00:00Z`) });
    await world.db.insert(costDaily).values([...spent(dayAgo(1), world.vision.id, "owned", ["1", "2"]), ...spent(dayAgo(1), gone.id, "owned", ["0", "0", "4"]), ...spent(dayAgo(2), gone.id, "owned", ["8", "16", "32"])]);
    expect(await seen(await sessionOf())).toEqual(["Idle 64", "Others 63", "gone 56", "vision 903"]);
    await world.sql`update cost_daily set quantity = 0, amount = 0 where project_id = ${gone.id} and owner_id = 'usr_2'`;
    expect(await seen(await sessionOf())).toEqual(["Idle 64", "Others 56", "vision 903"]);
    const kept = await world.sql`select people, parts from cost_people_days where project_id = ${gone.id} order by day, people`;
    expect(kept.map((row) => [row.people, row.parts])).toEqual([[2, 1], [0, 1]]);
    const differing = await world.sql`
      with sums as (select org_id, day, project_id, people, count(*)::int as parts, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0) as hours, sum(amount) as amount, sum(provisional) as provisional from cost_project_days group by 1, 2, 3, 4)
      select * from sums full join (select org_id, day, project_id, people, parts, accelerator_hours as hours, amount, provisional from cost_people_days) kept using (org_id, day, project_id, people, parts, hours, amount, provisional) where sums.amount is null or kept.amount is null`;
    expect(differing).toHaveLength(0);
  });
});

it("is put into a page by a web component of at most 15 kB, compressed", () => {
  expect(gzipSync(readFileSync("public/drover-report.js")).length).toBeLessThan(15_000);
});
