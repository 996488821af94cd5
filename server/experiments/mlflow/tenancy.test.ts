import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../../db/schema/access.ts";
import { buildApp } from "../../app.ts";
import { runToken } from "../run-token.ts";
import { columnarOf, mlflowServer, speaker, type Speaker, tokenOf } from "./testing.ts";
import { GOOD, type Name, NAMED, NAMELESS } from "./tenancy-cases.ts";
import type { Exchange } from "./wire-corpus.ts";

type Names = Record<Name, string>;
const HOOK = { url: "https://hooks.example.com/x", events: [{ entity: "MODEL_VERSION", action: "CREATED" }] };

/** One of each, made as clients make them. */
async function oneOfEach({ post, ask }: Speaker, word: string): Promise<Names> {
  const $exp = (await post("experiments/create", { name: `title-${word}` })).body.experiment_id as string;
  const $run = (await post("runs/create", { experiment_id: $exp })).body.run.info.run_id as string;
  await post("runs/log-batch", { run_id: $run, metrics: [{ key: "loss", value: 1, timestamp: 1, step: 1 }], tags: [{ key: "k", value: "v" }] });
  const $model = (await post("logged-models", { experiment_id: $exp, name: "net", source_run_id: $run, tags: [{ key: "team", value: "blue" }] })).body.model.info.model_id as string;
  await ask("PUT", `!2.0/mlflow-artifacts/artifacts/${$exp}/${$run}/artifacts/notes/a.txt`, "hello");
  await ask("PUT", `!2.0/mlflow-artifacts/artifacts/${$exp}/models/${$model}/artifacts/w.bin`, "hello");
  const $name = `name-${word}`;
  await post("registered-models/create", { name: $name, tags: [{ key: "k", value: "v" }] });
  await post("model-versions/create", { name: $name, source: `models:/${$model}`, run_id: $run, tags: [{ key: "eval", value: "passed" }] });
  await post("registered-models/alias", { name: $name, alias: "champion", version: "1" });
  const $hook = (await post("webhooks", { name: `hook-${word}`, ...HOOK })).body.webhook.webhook_id as string;
  const $upload = (await post(`!2.0/mlflow-artifacts/mpu/create/${$exp}/${$run}/artifacts`, { path: "/w.bin", num_parts: 1 })).body.upload_id as string;
  return { $exp, $run, $model, $name, $title: `title-${word}`, $hook, $upload };
}

/** All that can be read of them. */
const everything = ({ get }: Speaker, { $exp, $run, $model, $name, $hook }: Names): Promise<string[]> =>
  Promise.all([`experiments/get?experiment_id=${$exp}`, `runs/get?run_id=${$run}`, `metrics/get-history?run_id=${$run}&metric_key=loss`, `artifacts/list?run_id=${$run}`, `logged-models/${$model}`, `logged-models/${$model}/artifacts/directories`, `registered-models/get?name=${$name}`, `model-versions/search?filter=name%3D%27${$name}%27`, `webhooks/${$hook}`].map(async (path) => (await get(path)).text));

/** What looks like one of each and never was. */
const nobodys = (own: Names): Names => Object.fromEntries(Object.entries(own).map(([name, id]) => [name, /[\da-f]{12}$/.test(id) ? `${id.slice(0, -6)}00ffee` : `never-${id}`])) as Names;
const namesIn = ([, path, body]: Exchange): Name[] => [...new Set(`${path} ${JSON.stringify(body)}`.match(/\$[a-z]+/g))] as Name[];

const PREFIXES = ["api", "ajax-api"] as const;
const projectOf = (slug: string) => `/mlflow/p/${slug}`;
type Server = Awaited<ReturnType<typeof mlflowServer>>;

async function send(server: Server, root: string, token: string, [method, path, body]: Exchange, prefix: (typeof PREFIXES)[number], names: Names): Promise<Response> {
  const real = (text: string) => text.replaceAll(/\$[a-z]+/g, (name) => names[name as Name]);
  const below = path.startsWith("/") ? path : path.startsWith("!") ? `/${prefix}/${path.slice(1)}` : `/${prefix}/2.0/mlflow/${path}`;
  const sent = path === "/drover/points" ? columnarOf(names.$run, [{ key: "loss", values: [1] }]) : body === undefined ? null : real(typeof body === "string" ? body : JSON.stringify(body));
  return server.app.request(root + real(below), { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, ...(sent === null ? {} : { body: sent }) });
}

/** An answer without what differs in any two of them: the name that was asked for, and ids and moments of what was made. */
async function plain(answer: Response, name: string): Promise<[number, string]> {
  const text = (await answer.text()).replaceAll(name, "$it");
  return [answer.status, text.replaceAll(/\b[a-z]{2,4}_[\da-f]{8}-[\da-f-]{27}/g, "$made").replaceAll(/"(\w*time\w*)":\d+/g, '"$1":0')];
}

describe("in a project of MLflow's", () => {
  let server: Server;
  let ours: Names;
  /** Who has what the caller names, and who calls. */
  const others: Record<string, { names: Names; token: string }> = {};
  let theirs: { slug: string; org: string };
  let look: () => Promise<string[][]>;
  let before: string[][];

  beforeAll(async () => {
    server = await mlflowServer();
    const all = ["runs:read", "runs:log", "models:read", "models:write", "models:promote"] as const;
    const token = await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), [...all]);
    ours = await oneOfEach(server.speak(undefined, `Bearer ${token}`), "ours");
    const org = await server.make.org({});
    const stranger = await tokenOf(server, org.slug, await server.make.member(org, "admin"), [...all]);
    const far = await server.make.project(org, { teamId: org.team.id });
    const elsewhere = speaker(server, far.slug, `Bearer ${stranger}`);
    others["another organization"] = { names: await oneOfEach(elsewhere, "theirs"), token };
    const project = await server.make.project(server.org, { teamId: server.org.team.id });
    others["another project"] = { names: await oneOfEach(speaker(server, project.slug, `Bearer ${token}`), "besides"), token };
    const attempt = await server.make.attempt(await server.make.run(server.org.project, server.member.id, { status: "running" }), (await server.make.cluster(server.org)).id, { status: "running" });
    others["another run, asked for by a run"] = { names: ours, token: runToken(attempt.id) };
    const besides = speaker(server, project.slug, `Bearer ${token}`);
    look = async () => [await everything(elsewhere, others["another organization"]!.names), await everything(besides, others["another project"]!.names)];
    [theirs, before] = [{ slug: far.slug, org: org.id }, await look()];
  });
  afterAll(() => server.close());

  const cases = NAMED.flatMap((one) => namesIn(one).map((name) => ({ route: `${one[0]} ${one[1]}`, name, one })));

  it.each(["another organization", "another project"].flatMap((whose) => cases.map((each) => ({ whose, ...each }))))("$route answers $name of $whose exactly as one that never was", async ({ whose, name, one }) => {
    const { names, token } = others[whose]!;
    const isGood = GOOD.some((good) => good.endsWith(` ${name}`) && one[1].startsWith(good.split(" ")[0]!));
    for (const prefix of isGood ? PREFIXES.slice(0, 1) : PREFIXES) {
      const ask = async (id: string) => plain(await send(server, projectOf(server.org.project.slug), token, one, prefix, { ...ours, [name]: id }), id);
      const foreign = await ask(names[name]);
      expect(foreign).toEqual(await ask(nobodys(names)[name]));
      expect(foreign, foreign[1]).toEqual(isGood ? [200, expect.any(String)] : [404, expect.stringContaining("$it")]); // it is refused for this name, not for something else
    }
  });

  // Names and the registry are the project's, which its runs may read.
  it.each(cases.filter(({ name, one }) => !["$name", "$title"].includes(name) && !one[1].startsWith("model-versions/search")))("$route answers $name of another run of the project, to the token of a run, exactly as one that never was", async ({ name, one }) => {
    const { names, token } = others["another run, asked for by a run"]!;
    const ask = async (id: string) => plain(await send(server, projectOf(server.org.project.slug), token, one, "api", { ...nobodys(ours), [name]: id }), id);
    const foreign = await ask(names[name]);
    expect(foreign).toEqual(await ask(nobodys(ours)[name]));
    expect([403, 404], foreign[1]).toContain(foreign[0]);
  });

  it("every route answers another organization's project exactly as one that never was", async () => {
    const { token } = others["another organization"]!;
    for (const one of NAMED) {
      const ask = async (slug: string) => plain(await send(server, projectOf(slug), token, one, "api", ours), slug);
      const foreign = await ask(theirs.slug);
      expect([one, foreign]).toEqual([one, await ask("never-was")]);
      expect([one, foreign[0]]).toEqual([one, 404]);
    }
  });

  it("every route that there is, is asked here", () => {
    const asked = NAMED.map(([method, path]) => `${method} ${path.startsWith("/") ? path : path.startsWith("!") ? `/api/${path.slice(1)}` : `/api/2.0/mlflow/${path}`}`.split("?")[0]!);
    const routes = [...new Set(buildApp().routes.filter(({ method, path }) => path.startsWith("/mlflow/p/:project") && method !== "ALL").map(({ method, path }) => `${method} ${path.replace("/mlflow/p/:project", "").replace("/ajax-api/", "/api/")}`))];
    const isAsked = (route: string) => {
      const pattern = new RegExp(`^${route.replaceAll(/:\w+/g, "[^/]+").replaceAll("*", ".+")}$`);
      return asked.some((one) => pattern.test(one));
    };
    expect(routes.length).toBeGreaterThan(60);
    expect(routes.filter((route) => !isAsked(route)).toSorted()).toEqual(Object.keys(NAMELESS).toSorted());
  });

  it("and everything of the others is as it was", async () => {
    expect(await look()).toEqual(before);
    expect(before.flat().join()).toContain("champion");
    const entries = await server.db.select({ actor: auditLog.actorName }).from(auditLog).where(eq(auditLog.orgId, theirs.org));
    expect(new Set(entries.map(({ actor }) => actor)).size).toBe(1);
  });
});
