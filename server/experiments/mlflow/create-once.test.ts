import { EventEmitter } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mlflowServer, tokenOf } from "./testing.ts";

let server: Awaited<ReturnType<typeof mlflowServer>>;
let token: string;
let experimentId: string;
let http: Server;
beforeAll(async () => {
  server = await mlflowServer();
  token = await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), ["runs:read", "runs:log", "models:read", "models:write"]);
  const mlflow = server.speak(undefined, `Bearer ${token}`);
  experimentId = (await mlflow.post("experiments/create", { name: "once" })).body.experiment_id as string;
  await mlflow.post("registered-models/create", { name: "digits" });
  http = createServer(getRequestListener(server.app.fetch));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  http.closeAllConnections();
  http.close();
  await server.close();
});

/** A connection whose end the test decides. */
class Connection extends EventEmitter {
  destroyed = false;
  writableFinished = false;
  end(hasLeft: boolean): void {
    this.destroyed = true;
    this.writableFinished = hasLeft;
    this.emit("close");
  }
}

const url = (path: string) => `/mlflow/p/${server.org.project.slug}/api/2.0/mlflow/${path}`;
const init = (body: object, as = token) => ({ method: "POST", headers: { authorization: `Bearer ${as}`, "content-type": "application/json" }, body: JSON.stringify(body) });
const unsettled = async () => (await server.sql`select is_lost from client_creations`).map((row) => row.is_lost as boolean);

/** Routes that make something without a name of its own, and where its id stands in the answer. */
const ROUTES = [
  { path: "runs/create", body: (word: string) => ({ experiment_id: experimentId, start_time: 1_700_000_000_000, run_name: word }), idOf: (answer: { run: { info: { run_id: string } } }) => answer.run.info.run_id },
  { path: "logged-models", body: (word: string) => ({ experiment_id: experimentId, name: word }), idOf: (answer: { model: { info: { model_id: string } } }) => answer.model.info.model_id },
  { path: "model-versions/create", body: (word: string) => ({ name: "digits", source: `s3://models/${word}` }), idOf: (answer: { model_version: { version: string } }) => answer.model_version.version },
] as const;

describe.each(ROUTES)("$path", ({ path, body, idOf }) => {
  async function send(word: string, connection?: Connection, as = token): Promise<string> {
    const answer = await server.app.request(url(path), init(body(word), as), connection ? { outgoing: connection } : undefined);
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return idOf(JSON.parse(text) as never);
  }
  const left = async (hasLeft: boolean[]) => vi.waitFor(async () => expect(await unsettled()).toEqual(hasLeft));

  it("makes two of two equal requests that were both answered", async () => {
    const first = await send("twice");
    await left([]);
    expect(await send("twice")).not.toBe(first);
    await left([]);
  });

  it("gives a repeated request what the one made whose answer was lost, once", async () => {
    const connection = new Connection();
    const first = await send("lost", connection);
    connection.end(false);
    await left([true]);
    expect(await send("another")).not.toBe(first);
    expect(await send("lost")).toBe(first);
    await left([]);
    expect(await send("lost")).not.toBe(first);
    await left([]);
  });

  it("gives what a process made that died with the answer", async () => {
    const first = await send("died", new Connection());
    await server.sql`update client_creations set made_at = made_at - interval '11 seconds'`;
    expect(await send("died")).toBe(first);
    await left([]);
  });

  it("waits for the answer to an equal request that is still under way, and then makes its own", async () => {
    const connection = new Connection();
    const first = await send("along", connection);
    const second = send("along");
    connection.end(true);
    expect(await second).not.toBe(first);
    await left([]);
  });

  it("makes one of two equal requests at once where the answer to one is lost", async () => {
    const [one, other] = [new Connection(), new Connection()];
    const ids = [send("both", one), send("both", other)];
    const first = await Promise.race(ids);
    await left([false]);
    for (const connection of [one, other]) connection.end(false);
    expect(await Promise.all(ids)).toEqual([first, first]);
    await left([true]);
    await server.sql`delete from client_creations`;
  });

  it("knows the caller: what another token lost is not this one's", async () => {
    const connection = new Connection();
    const first = await send("mine", connection);
    connection.end(false);
    await left([true]);
    const other = await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), ["runs:read", "runs:log", "models:read", "models:write"]);
    expect(await send("mine", undefined, other)).not.toBe(first);
    expect(await send("mine")).toBe(first);
    await left([]);
  });

  it("forgets it where nobody repeats the request for long", async () => {
    const connection = new Connection();
    const first = await send("long ago", connection);
    connection.end(false);
    await left([true]);
    await server.sql`update client_creations set made_at = made_at - interval '31 minutes'`;
    expect(await send("long ago")).not.toBe(first);
    await left([]);
  });
});

it("notices a real connection that is cut before the answer", async () => {
  const { port } = http.address() as AddressInfo;
  const { body, ...rest } = init(ROUTES[0].body("cut"));
  const ask = () => request({ host: "127.0.0.1", port, path: url("runs/create"), ...rest });
  let cut: Promise<void> = Promise.resolve();
  await server.sql.begin(async (tx) => {
    await tx`lock table runs in exclusive mode`; // the run is not made before the connection is gone
    const sent = ask().on("error", () => {});
    cut = new Promise((gone) => http.once("request", ({ socket }) => {
      socket.once("close", () => gone());
      sent.destroy();
    }));
    sent.end(body);
    await cut;
  });
  await vi.waitFor(async () => expect(await unsettled()).toEqual([true]));
  const answer = await fetch(`http://127.0.0.1:${port}${url("runs/create")}`, { ...rest, body });
  expect(answer.status).toBe(200);
  const found = await server.sql`select id from runs where name = 'cut'`;
  expect(found.map(({ id }) => id)).toEqual([((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id]);
  await vi.waitFor(async () => expect(await unsettled()).toEqual([]));
});
