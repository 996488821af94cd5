import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { connect } from "node:net";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { roleBindings, sessions } from "../../../db/schema/access.ts";
import { clusters, telemetryLatest } from "../../../db/schema/clusters.ts";
import { attempts, runEvents, runs } from "../../../db/schema/experiments.ts";
import { appSessions } from "../../../db/schema/interactive.ts";
import { appLabel, type InteractiveApp } from "../../../domain/experiments/interactive.ts";
import { bus } from "../../bus.ts";
import { setTunnels, type Tunnels } from "../../tunnels.ts";
import { createAppTicket } from "../commands/interactive.ts";
import { stopIdle } from "../jobs/idle.ts";
import { appToken } from "../run-token.ts";
import { specOf, testWorld, type TestWorld } from "../testing.ts";
import { serveApp, serveAppSocket } from "./app-proxy.ts";
import { runOfHost } from "./apps-host.ts";
import type { Ctx } from "../../trpc/context.ts";

let world: TestWorld;
let app: Server;
let front: Server;
let port: number;
const dialled: unknown[] = [];
const seen: IncomingMessage[] = [];

const listen = (server: Server) => new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)));

beforeAll(async () => {
  world = await testWorld();
  app = createServer((request, response) => {
    seen.push(request);
    response.writeHead(200, { "set-cookie": "theme=dark; Domain=localhost; Path=/" }).end(`app says ${request.method} ${request.url}`);
  });
  new WebSocketServer({ server: app }).on("connection", (socket) => socket.on("message", (data) => socket.send(`echo ${String(data)}`)));
  const appPort = await listen(app);
  // The tunnel of a real agent is tried in agent/tunnel and in the browser's tests; here a plain connection stands for it.
  const stream = async (_cluster: string, opening: unknown) => {
    dialled.push(opening);
    return new Promise((resolve) => {
      const socket = connect(appPort, "127.0.0.1", () => resolve(socket));
    });
  };
  setTunnels({ stream } as unknown as Tunnels);
  front = createServer((request, response) => {
    const runId = runOfHost(request.headers.host);
    if (runId) void serveApp(request, response, runId);
    else response.writeHead(421).end();
  });
  front.on("upgrade", (request, socket, head) => void serveAppSocket(request, socket, head, runOfHost(request.headers.host)!));
  port = await listen(front);
});
afterAll(async () => {
  front.closeAllConnections();
  app.closeAllConnections();
  front.close();
  app.close();
  await world.close();
});
beforeEach(() => {
  seen.length = 0;
});

/** A person with a login, whose running run has an app. */
async function someone(role: "member" | "viewer" = "member", shown: InteractiveApp = "http") {
  const user = await world.makeUser(world.org.id, world.org.slug, "Ida", [[role, "project", world.vision.id]]);
  const login = `login-${user.id}`;
  await world.db.insert(sessions).values({ id: login, token: login, userId: user.id, expiresAt: new Date(Date.now() + 3_600_000) });
  const cluster = await world.makeCluster(world.org.id, `box-${user.id.slice(-12)}`);
  await world.db.update(clusters).set({ capabilities: { driver: "process", maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "watch", interactive: true } }).where(eq(clusters.id, cluster.id));
  const run = await world.makeRun({ status: "running", ownerId: user.id, spec: specOf({ interactive: { app: shown, idleTimeout: "10m" } }) });
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running", startedAt: new Date(Date.now() - 60_000) });
  return { user, login, cluster, run, attempt };
}
type Someone = Awaited<ReturnType<typeof someone>>;

async function ticketOf({ user, login, run }: Pick<Someone, "user" | "login" | "run">): Promise<string> {
  const grants = await import("../../../domain/access/roles.ts");
  const bindings = await world.db.select().from(roleBindings).where(eq(roleBindings.principalId, user.id));
  const actor = { type: "user" as const, id: user.id, name: user.name, tokenId: null };
  const grantFor: Ctx["grantFor"] = (permission) => grants.resolveGrant(world.org.id, permission, bindings as never);
  return createAppTicket({ db: world.db, orgId: world.org.id, orgSlug: world.org.slug, requestId: "r", actor, caller: { actor, email: null, sessionId: login, tokenOrgId: null, tokenPermissions: null, tokenProject: null }, grant: grantFor("runs:interact")!, grantFor }, run.id);
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

function ask(runId: string, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers: { host: hostOf(runId), ...headers } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.once("error", reject).end();
  });
}
const hostOf = (runId: string) => `${appLabel(runId)}.localhost:7070`;
const originOf = (runId: string) => `http://${hostOf(runId)}`;

async function cookieOf(one: Someone): Promise<string> {
  const { headers } = await ask(one.run.id, `/__drover/enter?ticket=${await ticketOf(one)}`);
  return headers["set-cookie"]![0]!.split(";")[0]!;
}

describe("the way into an app", () => {
  it("is a ticket that is good once, for its run alone, and becomes a cookie that no script reads", async () => {
    const one = await someone();
    const other = await someone();
    const ticket = await ticketOf(one);
    expect((await ask(other.run.id, `/__drover/enter?ticket=${ticket}`)).status).toBe(401);
    const entered = await ask(one.run.id, `/__drover/enter?ticket=${ticket}`);
    expect(entered.status).toBe(303);
    expect(entered.headers["set-cookie"]![0]).toMatch(/^drover_app=[\w-]{40,}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect((await ask(one.run.id, `/__drover/enter?ticket=${ticket}`)).status).toBe(401);
    const stale = await ticketOf(one);
    await world.db.update(appSessions).set({ ticketUntil: new Date(Date.now() - 1000) }).where(eq(appSessions.runId, one.run.id));
    expect((await ask(one.run.id, `/__drover/enter?ticket=${stale}`)).status).toBe(401);
  });

  it("is refused to who may only look, and to a run that has no app", async () => {
    const viewer = await someone("viewer");
    await expect(ticketOf(viewer)).rejects.toThrow(/runs:interact/);
    const one = await someone();
    await world.db.update(runs).set({ spec: specOf({ interactive: { app: "shell" } }) }).where(eq(runs.id, one.run.id));
    await expect(ticketOf(one)).rejects.toThrow(/no app to open/);
  });

  it("is written down for the run's owner and the audit log", async () => {
    const one = await someone();
    await ticketOf(one);
    const events = await world.db.select().from(runEvents).where(eq(runEvents.runId, one.run.id));
    expect(events.map(({ kind, message }) => [kind, message])).toEqual([["run.app", "Ida opened Another web app."]]);
  });
});

describe("an app behind the proxy", () => {
  it("gets the request with the attempt's own token and without our cookie, and may not set cookies for its neighbours", async () => {
    const one = await someone();
    const cookie = await cookieOf(one);
    const answer = await ask(one.run.id, "/lab?x=1", { cookie: `a=1; ${cookie}; b=2` });
    expect(answer.text).toBe("app says GET /lab?x=1");
    expect(seen[0]!.headers.cookie).toBe("a=1; b=2");
    expect(seen[0]!.headers.authorization).toBe(`token ${appToken(one.attempt.id)}`);
    expect(seen[0]!.headers.host).toBe(hostOf(one.run.id));
    expect(answer.headers["set-cookie"]).toEqual(["theme=dark; Path=/"]);
    expect(dialled.at(-1)).toEqual({ kind: "port", attemptId: one.attempt.id, fence: String(one.attempt.fence) });
  });

  it("is let into an editor by the cookie that code-server looks for, whatever the browser has under its name", async () => {
    const one = await someone("member", "vscode");
    await ask(one.run.id, "/", { cookie: `${await cookieOf(one)}; code-server-session=older` });
    expect(seen[0]!.headers.cookie).toBe(`code-server-session=${appToken(one.attempt.id)}`);
  });

  it("answers nobody without a cookie, nor with another run's", async () => {
    const [one, other] = [await someone(), await someone()];
    const cookie = await cookieOf(one);
    expect((await ask(one.run.id, "/")).status).toBe(401);
    expect((await ask(other.run.id, "/", { cookie })).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it("is called by pages of its own origin only: its neighbour's page is refused, a link may open it", async () => {
    const [one, other] = [await someone(), await someone()];
    const cookie = await cookieOf(one);
    const navigation = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await ask(one.run.id, "/api/contents", { cookie, origin: originOf(other.run.id) }, "POST")).status).toBe(403);
    expect((await ask(one.run.id, "/", { cookie, origin: "http://localhost:7070" }, "POST")).status).toBe(403);
    expect((await ask(one.run.id, "/img", { cookie, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" })).status).toBe(403);
    expect((await ask(one.run.id, "/frame", { cookie, ...navigation, "sec-fetch-dest": "iframe" })).status).toBe(403);
    expect(seen).toEqual([]);
    expect((await ask(one.run.id, "/", { cookie, ...navigation })).status).toBe(200);
    expect((await ask(one.run.id, "/api/contents", { cookie, origin: originOf(one.run.id) }, "POST")).status).toBe(200);
  });

  it("is closed within a second to who signed out, lost the role, or whose run has ended", async () => {
    const pass = () => new Promise((resolve) => setTimeout(resolve, 1100));
    const [signedOut, demoted, over] = [await someone(), await someone(), await someone()];
    const cookies = [await cookieOf(signedOut), await cookieOf(demoted), await cookieOf(over)];
    for (const [at, one] of [signedOut, demoted, over].entries()) expect((await ask(one.run.id, "/", { cookie: cookies[at]! })).status).toBe(200);
    await world.db.delete(sessions).where(eq(sessions.id, signedOut.login));
    await world.db.delete(roleBindings).where(eq(roleBindings.principalId, demoted.user.id));
    await world.db.update(attempts).set({ status: "ended", endedAt: new Date() }).where(eq(attempts.id, over.attempt.id));
    await world.db.update(runs).set({ status: "succeeded", endedAt: new Date() }).where(eq(runs.id, over.run.id));
    await pass();
    expect((await ask(signedOut.run.id, "/", { cookie: cookies[0]! })).status).toBe(401);
    expect((await ask(demoted.run.id, "/", { cookie: cookies[1]! })).text).toMatch(/does not exist, or you may not see it/);
    expect((await ask(over.run.id, "/", { cookie: cookies[2]! })).text).toMatch(/It has ended: succeeded/);
  });

  it("keeps a WebSocket open while its person may be there, and cuts it when not", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      const one = await someone();
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { host: hostOf(one.run.id), cookie: await cookieOf(one) }, origin: originOf(one.run.id) });
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      const closed = new Promise((resolve) => socket.once("close", resolve).on("error", () => {}));
      vi.advanceTimersByTime(6000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(socket.readyState).toBe(WebSocket.OPEN);
      await world.db.delete(roleBindings).where(eq(roleBindings.principalId, one.user.id));
      await new Promise((resolve) => setTimeout(resolve, 1100)); // an answer is kept for a second
      vi.advanceTimersByTime(6000);
      await closed;
    } finally {
      vi.useRealTimers();
    }
  });

  it("has WebSockets, for its own pages only", async () => {
    const one = await someone();
    const cookie = await cookieOf(one);
    const open = (origin: string) => new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { host: hostOf(one.run.id), cookie }, origin });
    const socket = open(originOf(one.run.id));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const echo = (text: string) => new Promise((resolve) => {
      socket.once("message", (data) => resolve(String(data))).once("close", () => resolve("closed"));
      socket.send(text);
    });
    expect(await echo("hello")).toBe("echo hello");
    await expect(new Promise((resolve, reject) => open("http://localhost:7070").once("open", resolve).once("error", reject))).rejects.toThrow(/403/);
  });

  it("outlives a request for a WebSocket whose address is none", async () => {
    const one = await someone();
    const cookie = await cookieOf(one);
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const raw = connect(port, "127.0.0.1", () => raw.write(`GET http://[ HTTP/1.1\r\nHost: ${hostOf(one.run.id)}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`));
      raw.on("data", (chunk) => (text += String(chunk))).on("close", () => resolve(text)).on("error", () => {});
      setTimeout(() => raw.destroy(), 3000).unref();
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("the idle time", () => {
  const status = async ({ run }: Someone) => (await world.db.select({ status: runs.status, reason: runs.statusReason }).from(runs).where(eq(runs.id, run.id)))[0]!;
  const since = (one: Someone, minutes: number, column: "startedAt" | "activeAt" = "startedAt") => world.db.update(attempts).set({ [column]: sql`now() - make_interval(mins => ${minutes})` }).where(eq(attempts.id, one.attempt.id));

  it("stops what nobody has used for so long, with that as the reason, and nothing else", async () => {
    const [idle, used, young, plain] = [await someone(), await someone(), await someone(), await someone()];
    await since(idle, 11);
    await since(used, 60);
    await since(used, 5, "activeAt");
    await since(young, 9);
    await since(plain, 600);
    await world.db.update(runs).set({ spec: specOf({}) }).where(eq(runs.id, plain.run.id));
    await stopIdle({ db: world.db, bus: bus() });
    expect(await status(idle)).toEqual({ status: "cancelling", reason: "Nobody used it for 10m, its idle time." });
    for (const one of [used, young, plain]) expect((await status(one)).status).toBe("running");
    await stopIdle({ db: world.db, bus: bus() }); // again: nothing more
  });

  it("does not count while its processes compute, whoever looks", async () => {
    const busy = await someone();
    await since(busy, 60);
    await world.db.insert(telemetryLatest).values({ clusterId: busy.cluster.id, subject: "attempt", subjectId: busy.attempt.id, key: "cpu", at: new Date(), value: 3.8 });
    await stopIdle({ db: world.db, bus: bus() });
    expect((await status(busy)).status).toBe("running");
    await world.db.update(telemetryLatest).set({ value: 0.01 }).where(eq(telemetryLatest.subjectId, busy.attempt.id));
    await since(busy, 11, "activeAt");
    await stopIdle({ db: world.db, bus: bus() });
    expect((await status(busy)).status).toBe("cancelling");
  });
});
