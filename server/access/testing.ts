import { factories } from "../../db/factories.ts";
import { testDatabase } from "../../db/testing.ts";
import type { Role } from "../../domain/access/roles.ts";
import { buildApp } from "../app.ts";
import { type Change, setBus } from "../bus.ts";

/** Whatever a procedure answered: tests look into it freely, and fail where something is not as they expect. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
type Json = any;

const ORIGIN = "http://localhost:7070";

/** The server's real HTTP surface over a database of its own: sign-in, cookies, tokens and all. */
export async function testServer() {
  const database = await testDatabase();
  process.env.DATABASE_URL ??= database.url;
  // What server modules share through globalThis: this server's own pool, and a better-auth on it.
  Object.assign(globalThis, { droverClients: database, droverAuth: undefined });
  const changes: Change[] = [];
  setBus({ publish: (change) => void changes.push(change), publishNow: async (more) => void changes.push(...more), publishWithin: async (_tx, more) => void changes.push(...more), subscribe: () => () => {}, mark: () => "none.0", since: () => null, onGap: () => () => {}, close: async () => {} });
  const app = buildApp();
  const make = factories(database.db);

  async function signIn(email: string, password: string): Promise<Response> {
    return app.request("/api/auth/sign-in/email", { method: "POST", headers: { "content-type": "application/json", origin: ORIGIN }, body: JSON.stringify({ email, password }) });
  }

  /** Headers of a signed-in person in one organization. */
  async function as(person: { email: string; password: string }, orgSlug: string): Promise<Record<string, string>> {
    const answer = await signIn(person.email, person.password);
    if (!answer.ok) throw new Error(`signing in as ${person.email} failed with ${answer.status}`);
    return { cookie: answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; "), "x-drover-org": orgSlug, origin: ORIGIN };
  }

  /** A new person of an organization, signed in. */
  async function person(org: Parameters<typeof make.member>[0] & { slug: string }, role: Role) {
    const made = await make.member(org, role);
    return { ...made, headers: await as(made, org.slug) };
  }

  /** One procedure over HTTP. The request id is fixed, so that two answers can be compared byte for byte. */
  async function call(headers: Record<string, string>, path: string, input?: unknown, type: "query" | "mutation" = "mutation"): Promise<{ status: number; text: string; data: Json; error: Json }> {
    const body = JSON.stringify({ json: input });
    const fixed = { ...headers, "x-request-id": "the-same" };
    const answer =
      type === "query"
        ? await app.request(`/api/trpc/${path}${input === undefined ? "" : `?input=${encodeURIComponent(body)}`}`, { headers: fixed })
        : await app.request(`/api/trpc/${path}`, { method: "POST", headers: { ...fixed, "content-type": "application/json" }, body });
    const text = await answer.text();
    const parsed = JSON.parse(text) as { result?: { data: { json: Json } }; error?: { json: Json } };
    return { status: answer.status, text, data: parsed.result?.data.json, error: parsed.error?.json };
  }

  const query = (headers: Record<string, string>, path: string, input?: unknown) => call(headers, path, input, "query");
  return { ...database, app, make, changes, signIn, as, person, call, query };
}

export type TestServer = Awaited<ReturnType<typeof testServer>>;
