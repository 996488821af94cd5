import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../db/schema/columns.ts";
import { costDaily } from "../../db/schema/costs.ts";
import { decimal, decimalText, sum } from "../../domain/costs/decimal.ts";
import type { EmbeddedReport, EmbedSessionView } from "../../domain/costs/embed-view.ts";
import { b64, embedWorld, HEAD, HOST, keys, now, pem, plain, proof, refused } from "./embed-testing.ts";
import { log } from "../log.ts";
import { testWorld } from "../experiments/testing.ts";

process.env.DROVER_WEBHOOK_HOSTS = "127.0.0.1";
const TODAY = new Date().toISOString().slice(0, 10);
const embed = await embedWorld(await testWorld());
const { world, app, report, other, pair, input, makeClient, client, claims, token, exchange, sessionOf, look, seen } = embed;

beforeAll(async () => {
  const rival = await world.makeOrg("rival");
  const rivals = await rival.makeProject("secret");
  const cluster = await world.makeCluster(world.org.id, "berlin");
  const far = await world.makeCluster(rival.id, "far");
  const day = (orgId: string, clusterId: string, projectId: string, amount: string) => ({ day: TODAY, orgId, clusterId, projectId, ownerId: projectId && world.owner.id, experimentId: "", kind: "cpu" as const, model: "", capacityClass: "owned" as const, quantity: amount, amount, provisional: "0" });
  await world.db.insert(costDaily).values([day(world.org.id, cluster.id, world.vision.id, "10"), day(world.org.id, cluster.id, world.speech.id, "5"), day(world.org.id, cluster.id, "", "2"), day(rival.id, far.id, rivals.id, "1000")]);
});
afterAll(embed.close);
beforeEach(async () => {
  await makeClient();
});

describe("a token of a client", () => {
  it("is swapped once for a session that shows the report as the console does", async () => {
    const signed = token();
    const answer = (await (await exchange(signed)).json()) as EmbedSessionView;
    expect(answer).toMatchObject({ expiresInSeconds: 300, reports: [{ id: report, title: "By project" }], capabilities: [] });
    expect(await seen(answer.session)).toEqual(["Idle 2", "speech 5", "vision 10"]);
    const console = await world.owner.api.costs.spend({ from: TODAY, to: TODAY, by: "project" });
    expect(plain(decimalText(sum(console.groups.map(({ amount }) => decimal(amount)))))).toBe("17");
    await refused(exchange(signed)); // replayed
  });

  it("is refused whatever its own header says about how it is signed", async () => {
    const text = `${b64({ ...HEAD, alg: "none" })}.${b64(claims())}`;
    await refused(exchange(`${text}.`));
    const hs = `${b64({ ...HEAD, alg: "HS256" })}.${b64(claims())}`;
    await refused(exchange(`${hs}.${createHmac("sha256", pem(pair.publicKey)).update(hs).digest("base64url")}`));
    const strange = keys();
    await refused(exchange(token({}, { ...HEAD, jwk: strange.publicKey.export({ format: "jwk" }) }, strange.privateKey)));
    await refused(exchange(token({}, { ...HEAD, kid: "../../etc/passwd", jku: "http://127.0.0.1:1/keys" }, strange.privateKey)));
    await refused(exchange(token({}, { alg: "EdDSA", typ: "JWT" }))); // a token for something else
    await refused(exchange(token({}, { alg: "EdDSA" })));
  });

  it("is good only now, and for a short while", async () => {
    await refused(exchange(token({ iat: now() - 400, exp: now() - 200 })), "expired");
    await refused(exchange(token({ iat: now() - 10, exp: now() + 3600 })));
    await refused(exchange(token({ iat: now() + 600, exp: now() + 700 })));
    await refused(exchange(token({ nbf: now() + 600 })));
    await refused(exchange(token({ iat: now() - 180, exp: now() - 120 })), "expired"); // two minutes are no difference of clocks
    await refused(exchange(token({ iat: now() + 120, exp: now() + 180 })));
    await refused(exchange(token({ nbf: now() + 120 })));
    expect((await exchange(token({ iat: now() + 45, exp: now() + 100 }))).status).toBe(200); // clocks differ a little
    expect((await exchange(token({ iat: now() - 60, exp: now() - 30 }))).status).toBe(200);
    for (const missing of ["exp", "iat", "jti", "sub", "rep", "ori"]) await refused(exchange(token({ [missing]: undefined })));
  });

  it("is good only here, for its own client, its origin and its reports", async () => {
    await refused(exchange(token({ aud: "https://other.example/embed" })));
    await refused(exchange(token({ iss: newId("embedClient") })));
    const second = (await world.owner.api.costs.createEmbedClient(input({ name: "Second" }))).id;
    await refused(exchange(token(), HOST, second));
    await refused(exchange(token(), "https://evil.example"));
    for (const ori of ["https://evil.example", "null", "http://shop.example", "https://shop.example.evil.example", "https://xn--shp-8cd.example", "https://shop.example/"]) await refused(exchange(token({ ori }), ori));
    await refused(exchange(token({ rep: [other] })));
    await refused(exchange(token({ rep: [report, other] })));
    await refused(exchange(token({ rep: [newId("embedReport")] })));
    await refused(exchange(token(), HOST, newId("embedClient")));
  });

  it("is refused when a claim is misspelt, of another type, or one that Drover does not know", async () => {
    for (const more of [{ flt: { projects: ["vision"] } }, { flt: { project: "vision" } }, { flt: { project: { in: ["vision"] } } }, { flt: [] }, { filter: { project: ["vision"] } }, { rep: report }, { rep: { 0: report } }, { cap: ["admin"] }, { thm: { css: "body{}" } }, { thm: { background: "red" } }, { sub: 7 }, { role: "owner" }]) await refused(exchange(token(more)));
    for (const body of ["", "{}", "[]", JSON.stringify({ client: client(), token: 7, origin: HOST }), JSON.stringify({ client: "x", token: token(), origin: HOST })]) await refused(app.request("/api/embed/session", { method: "POST", body }));
  });

  it("is no token of the API, and the other way round", async () => {
    const mine = (await world.owner.api.access.createMyToken({ name: "laptop", permissions: ["costs:read"] })).token;
    await refused(exchange(mine));
    await refused(look(mine));
    const session = await sessionOf();
    for (const bearer of [session, token()]) expect((await app.request("/api/costs/export?format=csv", { headers: { authorization: `Bearer ${bearer}` } })).status).toBe(401);
  });
});

describe("what a session sees", () => {
  it("is the narrower of its token and its client, and nothing for an empty filter", async () => {
    expect(await seen(await sessionOf({ flt: { project: ["vision"] } }))).toEqual(["vision 10"]);
    expect(await seen(await sessionOf({ flt: { project: [] } }))).toEqual([]);
    expect(await seen(await sessionOf({ flt: { project: ["secret", "nowhere"] } }))).toEqual([]); // of another organization, of none
    await makeClient({ projectIds: [world.speech.id] });
    expect(await seen(await sessionOf())).toEqual(["speech 5"]);
    expect(await seen(await sessionOf({ flt: { project: ["vision"] } }))).toEqual([]);
    expect(await seen(await sessionOf({ flt: { project: ["vision", "speech"] } }))).toEqual(["speech 5"]);
    await makeClient({ mustFilter: true });
    await refused(exchange(token()));
    await refused(exchange(token({ flt: {} })));
    expect(await seen(await sessionOf({ flt: { project: ["speech"] } }))).toEqual(["speech 5"]);
  });

  it("ends at once when the client is narrowed, disabled or revoked, or the report withdrawn", async () => {
    const { api } = world.owner;
    const session = await sessionOf();
    await api.costs.changeEmbedClient({ id: client(), ...input({ projectIds: [world.speech.id] }) });
    expect(await seen(session)).toEqual(["speech 5"]);
    await api.costs.switchEmbedClient({ id: client(), disabled: true });
    await refused(look(session));
    await refused(exchange(token()));
    await api.costs.switchEmbedClient({ id: client(), disabled: false });
    const before = token({ iat: now() - 5 });
    await api.costs.revokeEmbedClient({ id: client() });
    await refused(look(session));
    await refused(exchange(before));
    const rotated = keys();
    await api.costs.changeEmbedClient({ id: client(), ...input({ publicKey: pem(rotated.publicKey) }) });
    await refused(exchange(token({ iat: now() + 2 })));
    const gone = (await api.costs.publishReport({ title: "Soon gone", by: "team", range: "7d" })).id;
    await makeClient({ reportIds: [gone, report] });
    const last = await sessionOf({ rep: [gone, report] });
    expect((await look(last, gone)).status).toBe(200);
    await api.costs.withdrawReport({ id: gone });
    await refused(look(last, gone));
    await api.costs.changeEmbedClient({ id: client(), ...input({ reportIds: [other] }) });
    await refused(look(last, report));
  });

  it("is only the reports of its token, only while it lives", async () => {
    await makeClient({ reportIds: [report, other] });
    const session = await sessionOf();
    await refused(look(session, other));
    await refused(look(session, newId("embedReport")));
    await refused(look(session, "1"));
    await refused(look("A".repeat(43)));
    await refused(app.request(`/api/embed/report?id=${report}`));
    await world.sql`update embed_sessions set expires_at = now() - interval '1 second' where client_id = ${client()}`;
    await refused(look(session));
    await refused(look(session, report, "export"));
  });

  it("is given as a file only where client and token allow it, without people, and it is written down", async () => {
    await refused(look(await sessionOf(), report, "export"));
    const answer = await look(await sessionOf({ cap: ["csv"], flt: { project: ["vision"] } }), report, "export");
    const [head, ...lines] = (await answer.text()).trim().split("\r\n");
    expect(head).toBe("day,team,project,cluster,kind,model,capacity_class,quantity,unit,amount,provisional,currency,rating_version");
    expect(lines).toEqual([`${TODAY},vision,vision,berlin,cpu,,owned,10,CPU-hour,10,0,USD,0`]);
    expect(await world.sql`select 1 from audit_log where action = 'embed.export' and after->>'viewer' = 'viewer-7'`).toHaveLength(1);
    await makeClient({ capabilities: [] });
    await refused(look(await sessionOf({ cap: ["csv"] }), report, "export"));
  });

  it("tells in which rate its site may show it, and leaves the figures the ledger's own", async () => {
    const session = await embed.sessionOf();
    const inCurrency = async (currency: string) => {
      const where = `${embed.target()}&currency=${currency}`;
      return (await (await embed.ask(session, await proof("GET", where, session), where)).json()) as EmbeddedReport;
    };
    const plainly = await inCurrency("GBP");
    expect(plainly).toMatchObject({ display: null, spend: { currency: "USD" } });
    await world.owner.api.costs.addRate({ currency: "GBP", validFrom: "2020-01-01", rate: "1.3" });
    const shown = await inCurrency("GBP");
    expect(shown.display).toEqual({ currency: "GBP", rate: "1.3", since: "2020-01-01" });
    expect([shown.spend.amount, shown.spend.currency]).toEqual([plainly.spend.amount, "USD"]);
  });

  it("is kept by no cache on the way, and is its own among others that ask at the same time", async () => {
    const sessions = await Promise.all(["vision", "speech", "vision", "speech"].map((project) => sessionOf({ flt: { project: [project] } })));
    expect(await Promise.all(sessions.map((session) => seen(session)))).toEqual([["vision 10"], ["speech 5"], ["vision 10"], ["speech 5"]]);
    const answer = await look(sessions[0]!);
    expect([answer.headers.get("cache-control"), answer.headers.get("set-cookie"), answer.headers.get("access-control-allow-origin")]).toEqual(["private, no-store", null, null]);
  });

  it("stands in no log, and neither does the token that it came from, whether it is answered or refused", async () => {
    const said = (["debug", "info", "warn", "error"] as const).map((level) => vi.spyOn(log(), level));
    const signed = token();
    const { session } = (await (await exchange(signed)).json()) as EmbedSessionView;
    await refused(exchange(signed)); // replayed
    await refused(look(session, newId("embedReport")));
    expect((await look(session)).status).toBe(200);
    const lines = said.flatMap(({ mock }) => mock.calls.map((call) => JSON.stringify(call)));
    expect(lines.length).toBeGreaterThan(0);
    for (const secret of [signed, signed.split(".")[2]!, session]) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    for (const spy of said) spy.mockRestore();
  });

  it("waits when it asks too often", async () => {
    const session = await sessionOf();
    const answers = await Promise.all(Array.from({ length: 40 }, async () => look(session)));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(5);
    expect(answers.find(({ status }) => status === 429)!.headers.get("retry-after")).toMatch(/^[1-9]/);
  });
});

describe("the database role that embedded reports are read as", () => {
  const as = (settings: { org?: string; projects?: string }, query: string) => world.sql.begin(async (tx) => {
    if (settings.org !== undefined) await tx`select set_config('drover.embed_org', ${settings.org}, true)`;
    if (settings.projects !== undefined) await tx`select set_config('drover.embed_projects', ${settings.projects}, true)`;
    await tx.unsafe("set local role drover_embed");
    return tx.unsafe(query);
  });
  it("sees nothing unless an organization and its projects are named, and then only those", async () => {
    const rows = "select amount::int as amount from cost_daily order by 1";
    expect(await as({}, rows)).toHaveLength(0);
    expect(await as({ org: world.org.id }, rows)).toHaveLength(0);
    expect(await as({ projects: "*" }, rows)).toHaveLength(0);
    expect(await as({ org: world.org.id, projects: "" }, rows)).toHaveLength(0);
    expect((await as({ org: world.org.id, projects: world.vision.id }, rows)).map(({ amount }) => amount as number)).toEqual([10]);
    expect((await as({ org: world.org.id, projects: "*" }, rows)).map(({ amount }) => amount as number)).toEqual([2, 5, 10]);
    expect(await as({ org: world.org.id, projects: world.vision.id }, "select 1 from projects")).toHaveLength(1);
  });
  it("reads no other table and writes none", async () => {
    for (const query of ["select 1 from users", "select 1 from runs", "select unit_price from price_lines", "select 1 from ledger_entries", "select 1 from embed_clients", "select 1 from secrets", "select 1 from api_tokens", "update cost_daily set amount = 0", "delete from cost_daily", "insert into teams (id) values ('x')"]) {
      await expect(as({ org: world.org.id, projects: "*" }, query), query).rejects.toThrow(/permission denied|does not exist/);
    }
  });
});

describe("a client whose keys lie at an address", () => {
  const [first, second] = [keys(), keys()];
  const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" });
  const rsa = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" }), kid: "rsa" };
  let published: unknown = { keys: [] };
  let asked = 0;
  let status = 200;
  let site: Server;
  let address: string;
  beforeAll(async () => {
    site = createServer((_request, response) => {
      asked += 1;
      response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(JSON.stringify(published));
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(site.address() as { port: number }).port}`;
  });
  afterAll(() => site.close());
  let path = 0;
  beforeEach(async () => {
    published = { keys: [rsa, jwk(first.publicKey, "one")] };
    status = 200;
    await makeClient({ publicKey: `${address}/${(path += 1)}/jwks.json` });
    asked = 0;
  });
  const signedBy = (key: KeyObject, kid: string) => exchange(token({}, { ...HEAD, kid }, key));

  it("is asked for them once, and again when a token names one that is new", async () => {
    for (let at = 0; at < 3; at += 1) expect((await signedBy(first.privateKey, "one")).status).toBe(200);
    expect(asked).toBe(1);
    published = { keys: [jwk(first.publicKey, "one"), jwk(second.publicKey, "two")] };
    await refused(signedBy(second.privateKey, "two")); // asked moments ago: not again for each unknown name
    expect(asked).toBe(1);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 31_000);
    expect((await signedBy(second.privateKey, "two")).status).toBe(200);
    expect(asked).toBe(2);
    vi.restoreAllMocks();
  });

  it("is refused like anybody for a key that it does not publish, one that is no Ed25519, a set that is none, and an address that answers otherwise", async () => {
    await refused(signedBy(second.privateKey, "one"));
    await refused(exchange(token({}, { ...HEAD, kid: "rsa" }, first.privateKey)));
    for (const wrong of [{ keys: [rsa] }, { keys: "none" }, [], { keys: [{ kty: "oct", k: "c2VjcmV0", kid: "one" }] }]) {
      published = wrong;
      await makeClient({ publicKey: `${address}/${(path += 1)}/jwks.json` });
      await refused(signedBy(first.privateKey, "one"));
    }
    published = { keys: [jwk(first.publicKey, "one")] };
    for (const answer of [302, 404, 500]) {
      status = answer;
      await makeClient({ publicKey: `${address}/${(path += 1)}/jwks.json` });
      await refused(signedBy(first.privateKey, "one"));
    }
    status = 200;
    expect((await signedBy(first.privateKey, "one")).status).toBe(200); // what failed is not remembered
  });
});

describe("a client", () => {
  it("is not made with a key, an origin or a scope that makes no sense", async () => {
    const { api } = world.owner;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await expect(api.costs.createEmbedClient(input({ publicKey: pem(rsa.publicKey) }))).rejects.toThrow("no Ed25519 key");
    for (const bad of ["http://shop.example/jwks.json", "file:///etc/passwd", "https://user:pass@shop.example/jwks.json"]) await expect(api.costs.createEmbedClient(input({ publicKey: bad })), bad).rejects.toThrow("Paste the public key as PEM");
    for (const origin of ["*", "null", "https://*.example", "http://shop.example", "https://shop.example/", "https://shop.example/path", "javascript:alert(1)", "https://user@shop.example"]) await expect(api.costs.createEmbedClient(input({ origins: [origin] })), origin).rejects.toThrow("Write it as the browser does");
    await expect(api.costs.createEmbedClient(input({ projectIds: [newId("project")] }))).rejects.toThrow("not here");
    await expect(api.costs.createEmbedClient(input({ reportIds: [newId("embedReport")] }))).rejects.toThrow("not here");
    const member = await world.makeUser(world.org.id, world.org.slug, "Vic", [["member", "project", world.vision.id]]);
    await expect(member.api.costs.embeds()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
