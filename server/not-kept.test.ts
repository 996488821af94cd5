import { afterAll, beforeAll, expect, it } from "vitest";
import { oneOfEach } from "./trpc/testing.ts";
import { sha256 } from "./access/secrets.ts";
import { type TestServer, testServer } from "./access/testing.ts";
import { tokenOf } from "./experiments/mlflow/testing.ts";

let server: TestServer;
const tenants: { headers: Record<string, string>; token: string; org: { slug: string; project: { slug: string } }; ids: Record<string, string> }[] = [];
beforeAll(async () => {
  server = await testServer();
  for (const name of ["one", "two"]) {
    const org = await server.make.org({ name });
    const { ids, owner } = await oneOfEach(server, org, org.project, name);
    tenants.push({ headers: await server.as(owner, org.slug), token: await tokenOf(server, org.slug, owner, ["runs:read", "runs:log", "models:read"]), org, ids });
  }
});
afterAll(() => server.close());

/** What may lie between: it keeps what it may, by the address alone, as a shared cache does that looks at no `Vary`. */
function sharedCache() {
  const kept = new Map<string, { body: string; etag: string | null }>();
  return async (path: string, headers: Record<string, string>): Promise<string> => {
    const found = kept.get(path);
    if (found) return found.body;
    const answer = await server.app.request(path, { headers });
    const body = await answer.text();
    if (!/\b(private|no-store)\b/.test(answer.headers.get("cache-control") ?? "")) kept.set(path, { body, etag: answer.headers.get("etag") });
    return body;
  };
}

const days = encodeURIComponent(JSON.stringify({ json: { from: "2026-01-01", to: "2026-01-02" } }));
it.each([
  "/api/trpc/access.viewer", `/api/trpc/costs.spend?input=${days}`, `/api/trpc/costs.spend,costs.budgets?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { json: { from: "2026-01-01", to: "2026-01-02" } } }))}`,
  "/api/costs/prices?format=csv", "/api/costs/statement?format=csv&period=2026-01", "/mlflow/p/default/api/2.0/mlflow/experiments/search?max_results=10",
])("a cache on the way gives nobody what another organization was answered at the same address: %s", async (path) => {
  const through = sharedCache();
  const directly = async ({ headers, token }: (typeof tenants)[number]) => (await server.app.request(path, { headers: path.startsWith("/mlflow") ? { authorization: `Bearer ${token}` } : headers })).text();
  for (const tenant of tenants) expect(await through(path, path.startsWith("/mlflow") ? { authorization: `Bearer ${tenant.token}` } : tenant.headers)).toBe(await directly(tenant));
});

it("no answer of any route may be kept by others, whoever asks and whatever comes of it; what is the same for all is asked for anew", async () => {
  const [one] = tenants;
  const routes = new Map(server.app.routes.map(({ method, path }) => [`${method} ${path}`, { method: method === "ALL" ? "GET" : method, path }]));
  for (const [name, { method, path }] of routes) {
    const where = path.replace(":project", one!.org.project.slug).replaceAll(/:(\w+)/g, "x").replace("*", "x");
    for (const headers of [{}, one!.headers, { authorization: `Bearer ${one!.token}` }]) {
      const answer = await server.app.request(where, { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });
      await answer.body?.cancel();
      expect([name, answer.status, answer.headers.get("cache-control")]).toEqual([name, answer.status, expect.stringMatching(/\b(no-store|private|no-cache)\b/)]);
      expect([name, answer.headers.get("cache-control")]).not.toEqual([name, expect.stringContaining("public")]);
    }
  }
  for (const path of [`/api/artifacts/${one!.ids["artifact"]}`, `/api/attempts/${one!.ids["attempt"]}/log`, "/api/none"]) {
    const answer = await server.app.request(path, { headers: one!.headers });
    expect([path, answer.headers.get("cache-control")]).toEqual([path, expect.stringContaining("private")]);
  }
});

it("a browser that kept another organization's file by its tag is not told that it is the same one still", async () => {
  const [one, two] = tenants;
  const path = `/api/artifacts/${one!.ids["artifact"]}`;
  const etag = `"${sha256("x")}"`;
  expect((await server.app.request(path, { headers: { ...one!.headers, "if-none-match": etag } })).status).toBe(304);
  for (const headers of [two!.headers, {}]) expect([401, 404]).toContain((await server.app.request(path, { headers: { ...headers, "if-none-match": etag } })).status);
});
