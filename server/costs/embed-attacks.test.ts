import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { teams } from "../../db/schema/access.ts";
import { costDaily } from "../../db/schema/costs.ts";
import { testWorld } from "../experiments/testing.ts";
import { sha256 } from "../access/secrets.ts";
import { frameHeaders } from "./embed-headers.ts";
import { type EmbedWorld, embedWorld, HOST, keys, now, pem, proof, refused } from "./embed-testing.ts";

let embed: EmbedWorld;
beforeAll(async () => {
  embed = await embedWorld(await testWorld());
  await embed.makeClient();
});
afterAll(() => embed.close());

it("no secret is compared: sessions are looked up by their hash, so that an answer's time tells nothing of them", async () => {
  const token = embed.token();
  const { session } = (await (await embed.exchange(token)).json()) as { session: string };
  const kept = await embed.world.sql<{ row: string; hash: string }[]>`select s::text as row, hash from embed_sessions s`;
  expect(kept.map(({ hash }) => hash)).toContain(sha256(session));
  for (const { row } of kept) for (const secret of [session, session.slice(0, 20), token, token.split(".")[2]!]) expect(row).not.toContain(secret);
  const near = Array.from(session, (sign, at) => session.slice(0, at) + (sign === "A" ? "B" : "A") + session.slice(at + 1));
  for (const one of [near[0]!, near[21]!, near[42]!, "A".repeat(43)]) await refused(embed.look(one)); // right up to the last sign is as wrong as wrong from the first
});

it("neither a token nor a session is taken from an address, where histories, referrers and logs would keep it", async () => {
  const token = embed.token();
  const session = await embed.sessionOf();
  const target = (name: string) => `${embed.target()}&${name}=${session}`;
  for (const name of ["session", "token", "access_token", "authorization"]) {
    await refused(embed.app.request(target(name), { headers: { dpop: await proof("GET", target(name), session) } }));
    const where = `/api/embed/session?${name}=${token}`;
    await refused(embed.app.request(where, { method: "POST", body: JSON.stringify({ client: embed.client(), origin: "https://shop.example" }), headers: { "content-type": "application/json", dpop: await proof("POST", where, token, { iat: 0 }) } }));
  }
  const headers = frameHeaders(["https://shop.example"], "n");
  expect(headers["referrer-policy"]).toBe("no-referrer");
  expect(headers["cache-control"]).toContain("no-store");
});

it("what a site may no more ends what it opened: with another key, from an origin that was taken away, without a filter that it must have by now", async () => {
  const two = [HOST, "https://two.example"];
  for (const more of [{ publicKey: pem(keys().publicKey), origins: two }, { origins: two.slice(1) }, { origins: two, mustFilter: true }]) {
    await embed.makeClient({ origins: two });
    const session = await embed.sessionOf();
    const before = embed.token({ iat: now() - 1 });
    const change = (input: Parameters<EmbedWorld["input"]>[0]) => embed.world.owner.api.costs.changeEmbedClient({ id: embed.client(), ...embed.input(input) });
    await change({ origins: [...two, "https://three.example"], capabilities: [] });
    expect((await embed.look(session)).status).toBe(200); // what it did not lose ends nothing
    await change(more);
    await refused(embed.look(session));
    await refused(embed.exchange(before));
  }
  await embed.makeClient();
});

it("a token from before everything was revoked is dead although its site's clock is ahead; what that site signs next is not", async () => {
  await embed.makeClient();
  const ahead = (seconds: number) => ({ iat: now() + seconds, exp: now() + 160 });
  await embed.sessionOf(ahead(40)); // so its clock is known
  const before = embed.token(ahead(40));
  await embed.world.owner.api.costs.revokeEmbedClient({ id: embed.client() });
  await refused(embed.exchange(before));
  await embed.sessionOf(ahead(42));
  await embed.makeClient(); // one whose clock is right need not wait either
  await embed.sessionOf();
  await embed.world.owner.api.costs.revokeEmbedClient({ id: embed.client() });
  await embed.sessionOf(ahead(1));
});

it("who asks too often waits, and nobody else: a client by all its sessions together, a stranger who swaps tokens in its name by the place that they come from", async () => {
  await embed.makeClient(); // the one before was revoked in this very second
  const at = performance.now() + 60_000; // whatever was asked before has run off
  const clock = vi.spyOn(performance, "now").mockReturnValue(at);
  try {
    const answers = await Promise.all(Array.from({ length: 130 }, () => embed.exchange("a.b.c", "https://shop.example", embed.client(), "198.51.100.7")));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(100); // 50 a second, two seconds of them at once
    const waits = answers.filter(({ status }) => status === 429);
    expect(waits).toHaveLength(30);
    for (const answer of waits) expect([answer.headers.get("retry-after"), await answer.text()]).toEqual([expect.stringMatching(/^[1-9]/), JSON.stringify({ error: "slow_down" })]);
    const sessions = await Promise.all(Array.from({ length: 10 }, () => embed.sessionOf({ jti: randomUUID() }))); // the client itself is not held up
    const looks = await Promise.all(sessions.flatMap((session) => Array.from({ length: 12 }, () => embed.look(session))));
    expect(looks.filter(({ status }) => status === 200)).toHaveLength(100); // each session is below its own limit: it is the client's
    expect(looks.filter(({ status }) => status === 429).map((answer) => answer.headers.get("retry-after"))).toEqual(Array.from({ length: 20 }, () => expect.stringMatching(/^[1-9]/) as string));
    clock.mockReturnValue(at + 1000);
    expect((await embed.look(sessions[0]!)).status).toBe(200);
  } finally {
    clock.mockRestore();
  }
});

it("a name that a spreadsheet would run is text in the file that a site is given", async () => {
  await embed.makeClient();
  const { db, org, vision, owner } = embed.world;
  const cluster = await embed.world.makeCluster(org.id, "berlin");
  await db.update(teams).set({ name: "=cmd|'/C calc'!A0", slug: "=cmd" }).where(eq(teams.id, vision.teamId));
  const day = new Date().toISOString().slice(0, 10);
  await db.insert(costDaily).values({ day, orgId: org.id, clusterId: cluster.id, projectId: vision.id, ownerId: owner.id, experimentId: "", kind: "cpu", model: "", capacityClass: "owned", quantity: "1", amount: "1", provisional: "0" });
  const file = await (await embed.look(await embed.sessionOf({ cap: ["csv"] }), embed.report, "export")).text();
  expect(file).toContain("'=cmd");
  expect(file).not.toMatch(/(^|,)"?=/m);
});

it("every attack that the documentation lists is a test of that name", () => {
  const rows = [...readFileSync("docs/security.md", "utf8").matchAll(/^\| (?<attack>[^|]+) \| (?<tests>.*`[^`]+\.ts`.*) \|$/gm)].map(({ groups }) => groups as { attack: string; tests: string });
  expect(rows.length).toBeGreaterThan(15);
  for (const { attack, tests } of rows) {
    const named = [...tests.matchAll(/“(?<title>[^”]+)”[^`“]*`(?<file>[^`]+)`/g)].map(({ groups }) => groups as { title: string; file: string });
    expect(named.length, attack).toBeGreaterThan(0);
    for (const { title, file } of named) expect(readFileSync(file, "utf8"), `${attack}: ${title}`).toContain(`("${title}`);
  }
});
