import superjson from "superjson";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestServer, testServer } from "../access/testing.ts";
import { guarded, jsonSchema, oneOfEach, type Schema, someInput } from "./testing.ts";

let server: TestServer;
let ids: Record<string, string>;
let boss: Record<string, string>;
beforeAll(async () => {
  server = await testServer();
  const org = await server.make.org();
  const { owner, ...made } = await oneOfEach(server, org, org.project, "ours");
  ids = made.ids;
  boss = await server.as(owner, org.slug);
});
afterAll(() => server.close());

type Place = (string | number)[];

/** Every text, number and moment of an input: a moment is what JSON has no schema for. */
function leavesOf(schema: Schema, at: Place = []): { at: Place; schema: Schema }[] {
  const own = ["string", "integer", "number"].includes(schema.type ?? "") || Object.keys(schema).length === 0 ? [{ at, schema }] : [];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, of]) => leavesOf(of, [...at, name]));
  return [...own, ...fields, ...(schema.items ? leavesOf(schema.items, [...at, 0]) : []), ...(schema.anyOf ?? schema.oneOf ?? []).flatMap((of) => leavesOf(of, at))];
}

function put(input: unknown, [head, ...rest]: Place, value: unknown): unknown {
  if (head === undefined) return value;
  const copy = (typeof head === "number" ? [...((input ?? []) as unknown[])] : { ...(input as object) }) as Record<string | number, unknown>;
  copy[head] = put(copy[head], rest, value);
  return copy;
}

const token = (place: unknown) => Buffer.from(JSON.stringify(place)).toString("base64url");
/** No schema forbids them, and no column holds them. */
const ODD = {
  string: ["Infinity", "9".repeat(20), token(["Infinity", "b"]), token([1e300, 1]), "metrics.a > 1e400", "attributes.duration > 99999999999999999999"],
  number: [2 ** 31, Number.MAX_SAFE_INTEGER],
  moment: [new Date(8.64e15), new Date(-8.64e15)],
};

it("no input that a procedure's schema takes makes the server fail", { timeout: 180_000 }, async () => {
  let tried = 0;
  for (const { path, type, input, permission } of guarded.filter(({ path }) => path !== "access.removeMember")) {
    if (!input) continue;
    const usual = someInput({ path, type, input, permission }, ids);
    for (const { at, schema } of leavesOf(jsonSchema(input))) {
      const odd = schema.type === "string" ? (schema.pattern ? [] : ODD.string) : schema.type ? ODD.number : ODD.moment;
      for (const value of odd) {
        const given = put(usual, at, value);
        if (!input.safeParse(given).success) continue;
        tried += 1;
        const body = JSON.stringify(superjson.serialize(given));
        const ask = type === "query" ? server.app.request(`/api/trpc/${path}?input=${encodeURIComponent(body)}`, { headers: boss }) : server.app.request(`/api/trpc/${path}`, { method: "POST", headers: { ...boss, "content-type": "application/json" }, body });
        const { status } = await ask;
        expect(status, `${path} with ${String(value)} as ${at.join(".")}`).toBeLessThan(500);
      }
    }
  }
  expect(tried).toBeGreaterThan(300);
});
