import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../db/schema/columns.ts";
import { testWorld } from "../experiments/testing.ts";
import { frameHeaders, originsOfFrame } from "./embed-headers.ts";
import { type EmbedWorld, embedWorld, HOST, keys, pem, refused } from "./embed-testing.ts";

let embed: EmbedWorld;
beforeAll(async () => {
  embed = await embedWorld(await testWorld());
  await embed.makeClient();
});
afterAll(() => embed.close());

/** What a person, or a program that folds text, takes for `https://shop.example`; by how it is made. */
const TWINS: Record<string, string> = {
  "a Cyrillic o": "https://sh\u043Ep.example",
  "a Greek o": "https://sh\u03BFp.example",
  "its punycode": "https://xn--shp-fmc.example",
  "full width": "https://\uFF53hop.example",
  "a full-width stop": "https://shop\uFF0Eexample",
  "an ideographic stop": "https://shop\u3002example",
  "a long s": "https://\u017Fhop.example",
  "a zero-width space": "https://sh\u200Bop.example",
  "a soft hyphen": "https://sh\u00ADop.example",
  "a word joiner at its end": "https://shop.example\u2060",
  "a right-to-left mark": "https://\u202Eelpmaxe.pohs",
  "a combining mark": "https://sho\u0307p.example",
  "capitals": "https://SHOP.example",
  "a dot at its end": "https://shop.example.",
  "the port that it has anyway": "https://shop.example:443",
  "a slash of another script": "https://shop.example\u2044",
  "a NUL": "https://shop.example\0",
};

describe("a twin of a site's origin", () => {
  it.each(Object.entries(TWINS))("by %s is not that site, in a token, beside it, or in a frame's headers", async (_how, twin) => {
    await refused(embed.exchange(embed.token({ ori: twin }), twin));
    await refused(embed.exchange(embed.token({ ori: twin }), HOST));
    await refused(embed.exchange(embed.token(), twin));
    expect(frameHeaders(await originsOfFrame(`/embed/${embed.client()}`), "n")["content-security-policy"]).toMatch(/frame-ancestors https:\/\/shop\.example$/);
  });

  it.each(Object.entries(TWINS).filter(([how]) => how !== "its punycode"))("by %s cannot be listed as another site either: origins are written as browsers send them", async (_how, twin) => {
    await expect(embed.world.owner.api.costs.createEmbedClient(embed.input({ origins: [twin] }))).rejects.toThrow(/Write it as the browser does|holds a NUL/);
  });
});

describe("a twin of an id or a name", () => {
  const folded = (id: string) => [id.replace("_", "\uFF3F"), id.replace(/\d/, (digit) => String.fromCodePoint(0xff10 + Number(digit))), id.toUpperCase(), `${id}\u200B`, ` ${id}`, `${id}\0`, id.replace("e", "\u0435"), encodeURIComponent(id).replace("_", "%5F")];

  it("is none: a report's, a client's, a project's slug in a filter", async () => {
    for (const rep of folded(embed.report)) await refused(embed.exchange(embed.token({ rep: [rep] })));
    for (const iss of folded(embed.client())) await refused(embed.exchange(embed.token({ iss })));
    for (const id of folded(embed.client())) expect(await originsOfFrame(`/embed/${encodeURIComponent(id)}`)).toEqual([]);
    for (const id of folded(embed.client())) await refused(embed.exchange(embed.token(), HOST, id));
    for (const slug of ["visi\u043En", "\uFF56ision", "vision\u200B", "VISION", "v\u0131sion", "vision\0", " vision"]) await refused(embed.exchange(embed.token({ flt: { project: [slug] } })));
    const session = await embed.sessionOf();
    for (const id of folded(embed.report)) await refused(embed.look(session, encodeURIComponent(id)));
  });
});

describe("what belongs to another organization", () => {
  it("is answered exactly as what never was: its client, its report, its projects", async () => {
    const rival = await embed.world.makeOrg("rival");
    const boss = await embed.world.makeUser(rival.id, rival.slug, "Rita", [["owner", "org", rival.id]]);
    const secret = await rival.makeProject("secret");
    const theirs = (await boss.api.costs.publishReport({ title: "Theirs", by: "project", range: "7d" })).id;
    const client = (await boss.api.costs.createEmbedClient({ ...embed.input({ reportIds: [theirs] }), publicKey: pem(keys().publicKey) })).id;
    const said = async (answer: Promise<Response>) => {
      const { status, headers } = await answer.then((one) => one.clone());
      return [status, await (await answer).text(), headers.get("cache-control")];
    };
    const session = await embed.sessionOf({ cap: ["csv"] });
    for (const [foreign, never] of [[theirs, newId("embedReport")], [client, newId("embedClient")]] as const) {
      expect(await said(embed.exchange(embed.token({ rep: [foreign] })))).toEqual(await said(embed.exchange(embed.token({ rep: [never] }))));
      expect(await said(embed.exchange(embed.token(), HOST, foreign))).toEqual(await said(embed.exchange(embed.token(), HOST, never)));
      expect(await said(embed.exchange(embed.token({ iss: foreign }), HOST, foreign))).toEqual(await said(embed.exchange(embed.token({ iss: never }), HOST, never)));
      for (const what of ["report", "export"]) expect(await said(embed.look(session, foreign, what))).toEqual(await said(embed.look(session, never, what)));
    }
    for (const project of [["secret"], ["never-was"]]) expect(await embed.seen(await embed.sessionOf({ flt: { project } }))).toEqual([]);
    await expect(embed.world.owner.api.costs.createEmbedClient(embed.input({ projectIds: [secret.id] }))).rejects.toThrow("not here");
    const narrowedTo = (filter: object) => embed.world.owner.api.costs.publishReport({ title: "Narrowed", by: "project", range: "7d", filter }).then(() => "published", (error: unknown) => JSON.stringify(error));
    const cluster = await embed.world.makeCluster(rival.id, "elsewhere", { cpus: 1 });
    const [team] = await embed.world.sql<{ id: string }[]>`select team_id as id from projects where id = ${secret.id}`;
    for (const [by, foreign, never] of [["project", secret.id, newId("project")], ["team", team!.id, newId("team")], ["cluster", cluster.id, newId("cluster")]] as const) {
      const [ofOthers, ofNobody] = [await narrowedTo({ [by]: foreign }), await narrowedTo({ [by]: never })];
      expect([ofOthers, ofOthers === "published"]).toEqual([ofNobody, false]);
    }
  });
});
