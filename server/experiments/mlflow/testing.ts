import { type TestServer, testServer } from "../../access/testing.ts";
import type { Permission } from "../../../domain/access/permissions.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers freely
type Json = any;
export interface Answer {
  status: number;
  body: Json;
  text: string;
}

/** A server with one organization and one project, and a way to speak MLflow to it as its clients do. */
export async function mlflowServer() {
  const server = await testServer();
  const org = await server.make.org({});
  const member = await server.make.member(org, "member");
  const token = await tokenOf(server, org.slug, member, ["runs:read", "runs:log"]);
  return { ...server, org, member, token, speak: (project = org.project.slug, auth = `Bearer ${token}`) => speaker(server, project, auth) };
}

export async function tokenOf(server: TestServer, orgSlug: string, person: { email: string; password: string }, permissions: Permission[]): Promise<string> {
  const headers = await server.as(person, orgSlug);
  const made = await server.call(headers, "access.createMyToken", { name: "test", permissions });
  if (made.status !== 200) throw new Error(made.text);
  return made.data.token as string;
}

export function speaker(server: Pick<TestServer, "app">, project: string, authorization: string) {
  /** `path` below the API's usual prefix; after a `!` below `api/`. */
  const ask = async (method: string, path: string, body?: unknown, api = "api"): Promise<Answer> => {
    const headers = { ...(authorization ? { authorization } : {}), ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const answer = await server.app.request(`/mlflow/p/${project}/${api}/${path.startsWith("!") ? path.slice(1) : `2.0/mlflow/${path}`}`, { method, headers, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, text, body: text.startsWith("{") ? (JSON.parse(text) as Json) : text };
  };
  return { ask, get: (path: string) => ask("GET", path), post: (path: string, body: unknown = {}) => ask("POST", path, body) };
}
export type Speaker = ReturnType<typeof speaker>;

/** Points as columns, as programs send them that log a great many. */
export function columnarOf(runId: string, series: { key: string; values: number[]; steps?: { from: number; by: number } }[]): Uint8Array<ArrayBuffer> {
  const header = Buffer.from(JSON.stringify({ run_id: runId, series: series.map(({ key, values, steps }) => ({ key, points: values.length, steps: steps ?? { from: 0, by: 1 }, times: { from: 1_700_000_000_000, by: 10 } })) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return new Uint8Array(Buffer.concat([Buffer.from("DRP1"), length, header, ...series.map(({ values }) => Buffer.from(Float64Array.from(values).buffer))]));
}
