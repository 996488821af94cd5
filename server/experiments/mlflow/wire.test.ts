import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REST_ROUTES } from "./all-routes.ts";
import { mlflowServer, type Speaker, tokenOf } from "./testing.ts";
import { type Exchange, EXTRAS, MODELS, OTHERS, TRACKING } from "./wire-corpus.ts";

interface Caller {
  person: string;
  token: string;
}

/** What differs between two days: ids, moments, who logged in with what, page tokens. */
function plainOf(text: string, ids: Map<string, string>, { person, token }: Caller): string {
  const named = [...ids].reduce((so, [name, id]) => so.replaceAll(id, name), text).replaceAll(person, "$person").replaceAll(token, "$token").replaceAll(/exp_[\da-f-]{36}/g, "$other");
  return named.replaceAll(/"(creation_time|last_update_time|creation_timestamp(?:_ms)?|last_updated_timestamp(?:_ms)?)":\d+/g, '"$1":0').replaceAll(/"next_page_token":"[^"]+"/g, '"next_page_token":"…"');
}

async function replay(mlflow: Speaker, exchanges: Exchange[], caller: Caller): Promise<string> {
  const ids = new Map<string, string>();
  const real = (text: string) => text.replaceAll(/\$(exp|run|model|upload|hook)\b/g, (name) => ids.get(name) ?? name);
  const lines: string[] = [];
  for (const [method, path, body] of exchanges) {
    const text = typeof body === "string" ? body : body && JSON.stringify(body);
    const answer = await mlflow.ask(method, real(path), text && real(text));
    if (answer.body.experiment_id) ids.set("$exp", answer.body.experiment_id as string);
    if (path === "runs/create" && answer.body.run) ids.set("$run", answer.body.run.info.run_id as string);
    if (path === "logged-models") ids.set("$model", answer.body.model.info.model_id as string);
    if (answer.body.upload_id) ids.set("$upload", answer.body.upload_id as string);
    if (path === "webhooks" && answer.body.webhook) ids.set("$hook", answer.body.webhook.webhook_id as string);
    lines.push(`${method} ${path}${text ? `\n${text}` : ""}\n${answer.status} ${plainOf(answer.text, ids, caller)}\n`);
  }
  return lines.join("\n");
}

describe("the wire", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  let caller: Caller;
  beforeAll(async () => {
    server = await mlflowServer();
    const admin = await server.make.member(server.org, "admin");
    caller = { person: admin.name, token: await tokenOf(server, server.org.slug, admin, ["runs:read", "runs:log", "models:read", "models:write", "models:promote"]) };
    mlflow = server.speak(undefined, `Bearer ${caller.token}`);
  });
  afterAll(() => server.close());

  it.each([["wire.golden.txt", TRACKING], ["wire-extras.golden.txt", EXTRAS], ["wire-models.golden.txt", MODELS], ["wire-others.golden.txt", OTHERS]])("is byte for byte what clients were told before: %s", async (file, exchanges) => {
    await expect(await replay(mlflow, exchanges, caller)).toMatchFileSnapshot(file);
  });

  it("is written down for every route that there is", () => {
    const said = [...TRACKING, ...EXTRAS, ...MODELS, ...OTHERS].map(([method, path]) => `${method} ${path.split("?")[0]}`);
    const routes = REST_ROUTES.flatMap(({ methods, path }) => methods.map((method) => ({ name: `${method} ${path}`, pattern: new RegExp(`^${method} ${path.replaceAll(/:\w+/g, "[^/]+")}$`) })));
    expect(routes.filter(({ pattern }) => !said.some((one) => pattern.test(one))).map(({ name }) => name)).toEqual([]);
  });
});
