import { createHash } from "node:crypto";
import { and, eq } from "drizzle-orm";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clients } from "../../db/client.ts";
import { apiTokens, orgs, roleBindings, users } from "../../db/schema/access.ts";
import { newId } from "../../db/schema/columns.ts";
import { factories } from "../../db/factories.ts";
import { registeredModels } from "../../db/schema/models.ts";
import { testDatabase } from "../../db/testing.ts";
import { type Change, rememberChanges, setBus } from "../bus.ts";
import { formatToken } from "../../domain/access/token-format.ts";
import { HTTP_STATUS, DomainError } from "../../domain/shared/errors.ts";
import { closeLiveStreams, mountLive } from "./live.ts";

type Database = Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let app: Hono;
const listeners = new Set<(changes: Change[]) => void>();
const memory = rememberChanges(50);
const gapListeners = new Set<() => void>();
const say = (changes: Change[]) => {
  memory.note(changes);
  for (const listener of listeners) listener(changes);
};

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  setBus({
    publish: () => {},
    publishNow: async () => {},
    publishWithin: async () => {},
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mark: memory.mark,
    since: memory.since,
    onGap: (listener) => {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    close: async () => {},
  });
  memory.begin();
  app = new Hono();
  app.onError((error, c) => c.json({}, (error instanceof DomainError ? HTTP_STATUS[error.code] : 500) as 400));
  mountLive(app);
});
afterAll(async () => {
  await clients().close();
  await database.close();
});

/** An organization with one member, or one more member of it who sees one project alone, and a stream opened by that member's token. */
async function member(slug: string, held?: { orgId: string; projectId: string }) {
  const { db } = database;
  const orgId = held?.orgId ?? newId("organization");
  const userId = newId("user");
  const tokenId = newId("token");
  const token = formatToken("pat", tokenId, tokenId.replaceAll(/[^0-9a-z]/g, "").padEnd(43, "x").slice(0, 43));
  if (!held) await db.insert(orgs).values({ id: orgId, slug, name: slug });
  await db.insert(users).values({ id: userId, name: slug, email: `${userId}@example.test` });
  await db.insert(roleBindings).values({ orgId, principalType: "user", principalId: userId, role: "viewer", ...(held ? { scopeType: "project" as const, scopeId: held.projectId } : { scopeType: "org" as const, scopeId: orgId }) });
  await db.insert(apiTokens).values({
    id: tokenId, orgId, principalType: "user", principalId: userId, name: "live", hash: createHash("sha256").update(token).digest("hex"),
    lastFour: token.slice(-4), permissions: ["org:read", "runs:read", "models:read", "costs:read"], expiresAt: new Date(Date.now() + 3_600_000), createdBy: userId,
  });
  const open = async (org = slug, since?: string) => reader(await app.request(`/api/events?org=${org}${since === undefined ? "" : `&since=${since}`}`, { headers: { authorization: `Bearer ${token}` } }));
  const leave = () => db.delete(roleBindings).where(and(eq(roleBindings.orgId, orgId), eq(roleBindings.principalId, userId)));
  return { orgId, userId, open, leave };
}

/** Reads a stream by events; null when it ended. */
function reader(response: Response) {
  const body = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let id = "";
  async function next(): Promise<{ event: string; data: unknown } | null> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const [block, rest] = [text.slice(0, end), text.slice(end + 2)];
        text = rest;
        const event = /^event: (.*)$/m.exec(block)?.[1];
        id = /^id: (.*)$/m.exec(block)?.[1] ?? id;
        if (event) return { event, data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as unknown };
        continue;
      }
      const { done, value } = await body.read();
      if (done) return null;
      text += value;
    }
  }
  return { status: response.status, headers: response.headers, mark: () => id, next, cancel: () => body.cancel() };
}

describe("the event stream", () => {
  it("tells an organization's changes by id, and no other organization's", async () => {
    const [here, there] = [await member("here"), await member("there")];
    const stream = await here.open();
    expect(await stream.next()).toMatchObject({ event: "ready" });
    say([{ orgId: there.orgId, topic: "run", id: "run_theirs" }, { orgId: here.orgId, topic: "run", id: "run_ours" }]);
    expect(await stream.next()).toEqual({ event: "change", data: [{ topic: "run", id: "run_ours" }] });
    await stream.cancel();
  });

  it("tells a member who sees one project of that project's things alone, and of everything once the role reaches further", async () => {
    const all = await member("parts");
    const make = factories(database.db);
    const org = { id: all.orgId, slug: "parts" };
    const teamId = (await make.team(org)).id;
    const [mine, far] = [await make.project(org, { teamId }), await make.project(org, { teamId })];
    const some = await member("parts", { orgId: all.orgId, projectId: mine.id });
    const [seen, hidden] = [await make.run(mine, "usr_x"), await make.run(far, "usr_x")];
    const [model] = await database.db.insert(registeredModels).values({ orgId: org.id, projectId: far.id, name: "m", createdBy: "o" }).returning();
    const rendered = memory.mark();
    const changes = ["run", "attempt-log", "run-metrics", "run-cost"].flatMap((topic) => [hidden, seen].map(({ id }) => ({ orgId: org.id, topic, id })));
    say([...changes, { orgId: org.id, topic: "model", id: model!.id }, { orgId: org.id, topic: "report", id: "rep_1" }, { orgId: org.id, topic: "queue", id: org.id }]);
    const told = (ids: string[]) => [...changes.filter(({ id }) => ids.includes(id)).map(({ topic, id }) => ({ topic, id })), ...(ids.length > 1 ? [{ topic: "model", id: model!.id }] : []), { topic: "queue", id: org.id }];
    const [narrow, wide] = [await some.open("parts", rendered), await all.open("parts", rendered)];
    expect(await narrow.next()).toMatchObject({ event: "ready", data: { missed: false, changes: told([seen.id]) } });
    expect(await wide.next()).toMatchObject({ event: "ready", data: { missed: false, changes: told([seen.id, hidden.id]) } }); // its token may read no reports
    say([{ orgId: org.id, topic: "run", id: hidden.id }, { orgId: org.id, topic: "run", id: seen.id }]);
    expect(await narrow.next()).toEqual({ event: "change", data: [{ topic: "run", id: seen.id }] });
    await database.db.insert(roleBindings).values({ orgId: org.id, principalType: "user", principalId: some.userId, role: "viewer", scopeType: "project", scopeId: far.id });
    say([{ orgId: org.id, topic: "people", id: org.id }]);
    await expect.poll(async () => {
      say([{ orgId: org.id, topic: "run", id: hidden.id }]);
      return JSON.stringify((await narrow.next())?.data);
    }, { timeout: 20_000 }).toContain(hidden.id);
    for (const one of [narrow, wide]) await one.cancel();
  });

  it("keeps what servers and agents say to each other to itself, and a repeated change is told once", async () => {
    const { orgId, open } = await member("quiet");
    const stream = await open();
    await stream.next();
    say([{ orgId, topic: "agent-desired", id: "cl_1" }, { orgId, topic: "cluster", id: "cl_1" }, { orgId, topic: "cluster", id: "cl_1" }]);
    expect(await stream.next()).toEqual({ event: "change", data: [{ topic: "cluster", id: "cl_1" }] });
    await stream.cancel();
  });

  it("gathers while a tab does not read, instead of writing event after event for it", async () => {
    const { orgId, open } = await member("slow");
    const stream = await open();
    for (let at = 0; at < 8; at++) {
      say([{ orgId, topic: "run", id: `run_${at % 4}` }, { orgId, topic: "cluster", id: `cl_${at}` }]);
      await new Promise((resolve) => setTimeout(resolve, 130)); // longer than one gathering
    }
    const told: unknown[][] = [];
    while (!told.flat().some((change) => (change as Change).id === "cl_7")) {
      const event = await stream.next();
      if (event?.event === "change") told.push(event.data as unknown[]);
    }
    expect(told.length).toBeLessThanOrEqual(3);
    expect(new Set(told.flat().map((change) => (change as Change).id)).size).toBe(12);
    await stream.cancel();
  });

  it("begins with what changed since the page was rendered, of this organization alone", async () => {
    const [{ orgId, open }, other] = [await member("rendered"), await member("elsewhere")];
    say([{ orgId, topic: "run", id: "run_before" }]);
    await new Promise((resolve) => setTimeout(resolve, 2)); // marks count milliseconds
    const rendered = memory.mark();
    say([{ orgId, topic: "run", id: "run_meanwhile" }, { orgId: other.orgId, topic: "run", id: "run_theirs" }, { orgId, topic: "agent-desired", id: "cl_1" }]);
    const stream = await open("rendered", rendered);
    expect(await stream.next()).toMatchObject({ event: "ready", data: { missed: false, changes: [{ topic: "run", id: "run_meanwhile" }] } });
    say([{ orgId, topic: "run", id: "run_after" }]);
    expect(await stream.next()).toEqual({ event: "change", data: [{ topic: "run", id: "run_after" }] });
    await stream.cancel();
  });

  it("goes on where a stream broke off, by the mark of the last event", async () => {
    const { orgId, open } = await member("resumed");
    const first = await open("resumed", memory.mark());
    await first.next();
    say([{ orgId, topic: "run", id: "run_told" }]);
    await first.next();
    await first.cancel();
    await new Promise((resolve) => setTimeout(resolve, 2));
    say([{ orgId, topic: "run", id: "run_missed" }]);
    const again = await open("resumed", first.mark());
    expect(await again.next()).toMatchObject({ data: { missed: false, changes: [{ topic: "run", id: "run_missed" }] } });
    await again.cancel();
  });

  it("says that everything must be asked for anew where it cannot know: no mark, another server's, too long ago, a gap in its own listening", async () => {
    const { orgId, open } = await member("unknown");
    const old = memory.mark();
    say(Array.from({ length: 60 }, (_, at) => ({ orgId, topic: "run", id: `run_${at}` })));
    for (const since of [undefined, "another-server.5", "nonsense", old]) {
      const stream = await open("unknown", since);
      expect(await stream.next()).toMatchObject({ event: "ready", data: { missed: true, changes: [] } });
      await stream.cancel();
    }
    const stream = await open("unknown", memory.mark());
    expect(await stream.next()).toMatchObject({ data: { missed: false } });
    for (const listener of gapListeners) listener();
    expect(await stream.next()).toMatchObject({ event: "ready", data: { missed: true } });
    await stream.cancel();
  });

  it("may not be gathered or kept by a proxy", async () => {
    const stream = await (await member("proxied")).open();
    expect(stream.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    await stream.cancel();
  });

  it("ends when the listener's role is taken away", async () => {
    const { orgId, open, leave } = await member("leaving");
    const stream = await open();
    await stream.next();
    await leave();
    say([{ orgId, topic: "people", id: orgId }]);
    let last = await stream.next();
    while (last) last = await stream.next();
    expect(last).toBeNull();
  });

  it("ends when the server is asked to stop, so that stopping does not hang on open tabs", async () => {
    const stream = await (await member("stopping")).open();
    await stream.next();
    closeLiveStreams();
    expect(await stream.next()).toBeNull();
  });

  it("is refused to strangers, and does not exist for those of another organization", async () => {
    await member("inside");
    expect((await app.request("/api/events?org=inside")).status).toBe(401);
    const { open } = await member("outside");
    expect((await open("inside")).status).toBe(404);
  });

  it("forgets its listener when the tab goes away", async () => {
    const stream = await (await member("gone")).open();
    await stream.next();
    const before = listeners.size;
    await stream.cancel();
    await expect.poll(() => listeners.size, { timeout: 10_000 }).toBeLessThan(before);
  });
});
