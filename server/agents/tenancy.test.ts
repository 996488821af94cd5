import { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AGENT_PATHS, PART_TOTAL_HEADER } from "../../agent/protocol/messages.ts";
import { newId } from "../../db/schema/columns.ts";
import { factories } from "../../db/factories.ts";
import { storeObject } from "../experiments/commands/objects.ts";
import { takePart } from "../experiments/commands/object-parts.ts";
import { mountAgentRoutes } from "./endpoint.ts";
import { place, report, send, sha, testPlane, type TestAgent, type TestPlane } from "./testing.ts";

const NOW = Date.now();
const hold = { node: "n1", accelerators: [], gpus: 0, cpus: 1, memoryMib: 64 };
/** A message of each kind that names an attempt, or the hash of an object. */
const FENCED = (attemptId: string) => ({ attemptId, fence: "1" });
const NAMING_ATTEMPTS: Record<string, (attemptId: string) => unknown> = {
  [AGENT_PATHS.sync]: (id) => ({ version: 1, desiredHash: "", known: [id], reports: [report({ id, fence: 1n }, { state: "running", seq: 1 })], nodes: null, waitSeconds: 0 }),
  [AGENT_PATHS.logs]: (id) => framed({ ...FENCED(id), stream: "stdout", offset: 0, length: 5, at: NOW, droppedBefore: 0 }, "hello"),
  [AGENT_PATHS.metrics]: (id) => ({ batches: [{ ...FENCED(id), from: 0, to: 10, series: [{ key: "loss", steps: [1], times: [NOW], values: [1] }] }] }),
  [AGENT_PATHS.telemetry]: (id) => ({ samples: [{ subject: "attempt", id, key: "cpu", times: [NOW], values: [1] }], events: [] }),
  [AGENT_PATHS.usage]: (id) => ({ hostAheadMs: 0, attempts: [{ ...FENCED(id), from: 0, events: [{ kind: "open", at: NOW, holds: [hold] }], aliveAt: NOW }] }),
  [AGENT_PATHS.witness]: (id) => ({ source: "slurm", trouble: null, attempts: [{ attemptId: id, parts: [] }] }),
  [AGENT_PATHS.artifacts]: (id) => ({ ...FENCED(id), files: [] }),
  [AGENT_PATHS.checkpoint]: (id) => ({ ...FENCED(id), files: [], final: false }),
  [AGENT_PATHS.restore]: (id) => FENCED(id),
};
const NAMING_OBJECTS = ["GET /api/agent/objects/:sha256", "PUT /api/agent/objects/:sha256", "GET /api/agent/objects/:sha256/parts", "PUT /api/agent/objects/:sha256/parts/:offset"];
/** Routes that take no id of anything, and why. */
const NAMELESS = {
  "POST /api/agent/enrol": "a secret code says which cluster; its tests try others",
  "POST /api/agent/join": "the agent's own secret; its tests try others",
  "POST /api/agent/outside": "jobs by the scheduler's own numbers, each of the agent's own cluster: its tests tell one of two clusters",
  "GET /api/agent/tunnel/:server": "only as a WebSocket; a server is no organization's",
};

function framed(chunk: object, text: string): Uint8Array {
  const header = Buffer.from(JSON.stringify({ chunks: [chunk] }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, Buffer.from(text)]);
}

let plane: TestPlane;
let agent: TestAgent;
const foreign: Record<string, string> = {};
const CODE = { whole: Buffer.from("theirs alone, whole"), begun: Buffer.from("theirs alone, begun") };
beforeAll(async () => {
  plane = await testPlane();
  ({ agent } = await plane.makeAgent());
  const make = factories(plane.db);
  const org = await make.org({});
  const owner = await make.member(org, "owner");
  const cluster = await make.cluster(org);
  const begins = { status: "running" as const, fence: 1n };
  foreign["another organization"] = (await make.attempt(await make.run(org.project, owner.id, { status: "running", input: { code: { kind: "archive", sha256: sha(CODE.whole), bytes: CODE.whole.length } } }), cluster.id, begins)).id;
  const besides = await plane.makeAgent();
  foreign["another cluster"] = (await place(plane, await plane.makeRun(), besides.cluster.id)).id;
  await storeObject(plane.db, plane.objects, { orgId: org.id, kind: "code" }, [CODE.whole], { sha256: sha(CODE.whole), maxBytes: 1000 });
  await takePart(plane.db, plane.objects, { orgId: org.id, clusterId: cluster.id, sha256: sha(CODE.begun) }, { offset: 0, total: 19, sha256: sha(CODE.begun.subarray(0, 10)), maxBytes: 1000 }, [CODE.begun.subarray(0, 10)]);
});
afterAll(() => plane.close());

const plain = (body: unknown, name: string): string => JSON.stringify(body).replaceAll(name, "it").replaceAll(/"(serverTime|desiredHash)":("[^"]*"|\d+)/g, '"$1":0');

it.each(["another organization", "another cluster"].flatMap((whose) => Object.keys(NAMING_ATTEMPTS).map((path) => ({ whose, path }))))("POST $path answers an attempt of $whose exactly as one that never was", async ({ whose, path }) => {
  const ask = async (id: string) => {
    const answer = await agent.post(path, NAMING_ATTEMPTS[path]!(id));
    return [answer.status, plain(answer.body, id)];
  };
  const [ofOthers, never] = [await ask(foreign[whose]!), await ask(newId("attempt"))];
  expect(ofOthers).toEqual(never);
  expect([200, 409], String(ofOthers[1])).toContain(ofOthers[0]); // the message itself is as it must be
});

it.each(Object.keys(CODE) as (keyof typeof CODE)[])("an object of another organization, %s, answers exactly as one that never was", async (what) => {
  const never = Buffer.from(`never ${what}`);
  const ask = async (method: "GET" | "PUT", bytes: Buffer, more = "", body = Buffer.alloc(0), signs: Uint8Array | string = body) => {
    const path = AGENT_PATHS.object(sha(bytes)) + more;
    const answer = await send(plane.url + path, method === "PUT" ? body : undefined, { ...agent.headers(path, signs, { method }), [PART_TOTAL_HEADER]: "19" }, method);
    return [answer.status, plain(answer.body, sha(bytes))];
  };
  for (const more of ["", "/parts"]) expect(await ask("GET", CODE[what], more)).toEqual(await ask("GET", never, more));
  const wrong = Buffer.from("other bytes");
  expect(await ask("PUT", CODE[what], "", wrong, CODE[what])).toEqual(await ask("PUT", never, "", wrong, never)); // what one has not got one cannot claim
  for (const offset of [10, 0]) expect(await ask("PUT", CODE[what], `/parts/${offset}`, wrong)).toEqual(await ask("PUT", never, `/parts/${offset}`, wrong));
});

it("every agents' route that there is, is asked here", () => {
  const app = new Hono();
  mountAgentRoutes(app, plane.connector);
  const routes = [...new Set(app.routes.map(({ method, path }) => `${method} ${path}`))];
  expect(routes.toSorted()).toEqual([...Object.keys(NAMING_ATTEMPTS).map((path) => `POST ${path}`), ...NAMING_OBJECTS, ...Object.keys(NAMELESS)].toSorted());
});

it("and nothing of others has changed", async () => {
  const ids = Object.values(foreign);
  for (const table of ["log_chunks", "usage_meters", "usage_witnesses"]) expect(await plane.sql`select 1 from ${plane.sql(table)} where attempt_id = any(${ids})`, table).toEqual([]);
  expect(await plane.sql`select 1 from telemetry where subject_id = any(${ids})`).toEqual([]);
  expect(await plane.sql`select 1 from metric_batches where run_id in (select run_id from attempts where id = any(${ids}))`).toEqual([]);
  expect(await plane.sql`select "offset"::int as at, bytes::int from object_parts where sha256 = ${sha(CODE.begun)} and org_id <> ${plane.orgId}`).toEqual([{ at: 0, bytes: 10 }]);
});
