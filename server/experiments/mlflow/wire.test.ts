import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, type Speaker, tokenOf } from "./testing.ts";
import { type Exchange, EXTRAS, MODELS, TRACKING } from "./wire-corpus.ts";


/** What differs between two days: ids, moments, who logged in, page tokens. */
function plainOf(text: string, ids: Map<string, string>, person: string): string {
  const named = [...ids].reduce((so, [name, id]) => so.replaceAll(id, name), text).replaceAll(person, "$person").replaceAll(/exp_[\da-f-]{36}/g, "$other");
  return named.replaceAll(/"(creation_time|last_update_time|creation_timestamp(?:_ms)?|last_updated_timestamp(?:_ms)?)":\d+/g, '"$1":0').replaceAll(/"next_page_token":"[^"]+"/g, '"next_page_token":"…"');
}

async function replay(mlflow: Speaker, exchanges: Exchange[], person: string): Promise<string> {
  const ids = new Map<string, string>();
  const real = (text: string) => text.replaceAll(/\$(exp|run|model)\b/g, (name) => ids.get(name) ?? name);
  const lines: string[] = [];
  for (const [method, path, body] of exchanges) {
    const text = typeof body === "string" ? body : body && JSON.stringify(body);
    const answer = await mlflow.ask(method, real(path), text && real(text));
    if (answer.body.experiment_id) ids.set("$exp", answer.body.experiment_id as string);
    if (path === "runs/create") ids.set("$run", answer.body.run.info.run_id as string);
    if (path === "logged-models") ids.set("$model", answer.body.model.info.model_id as string);
    lines.push(`${method} ${path}${text ? `\n${text}` : ""}\n${answer.status} ${plainOf(answer.text, ids, person)}\n`);
  }
  return lines.join("\n");
}

describe("the wire", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  let person: string;
  beforeAll(async () => {
    server = await mlflowServer();
    const admin = await server.make.member(server.org, "admin");
    person = admin.name;
    mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, admin, ["runs:read", "runs:log", "models:read", "models:write", "models:promote"])}`);
  });
  afterAll(() => server.close());

  it.each([["wire.golden.txt", TRACKING], ["wire-extras.golden.txt", EXTRAS], ["wire-models.golden.txt", MODELS]])("is byte for byte what clients were told before: %s", async (file, exchanges) => {
    await expect(await replay(mlflow, exchanges, person)).toMatchFileSnapshot(file);
  });
});
