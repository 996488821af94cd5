import type { ClientHttp2Stream } from "node:http2";
import type { Context, Hono } from "hono";
import type { WebSocket } from "ws";
import { z } from "zod";
import { RunId } from "../../../domain/shared/ids.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { enter, guard, type GuardedEnv } from "../../access/guard.ts";
import { createContext } from "../../access/session.ts";
import { bus } from "../../bus.ts";
import { log } from "../../log.ts";
import { parsed } from "../../parsed.ts";
import { tunnels } from "../../tunnels.ts";
import type { Ctx } from "../../trpc/context.ts";
import { upgradeOf } from "../../upgrades.ts";
import { noteActive, recordShell, refuseMachines } from "../commands/interactive.ts";
import { getPlace, type Place } from "../queries/interactive.ts";

const RECHECK_MS = 5_000;
const PING_MS = 20_000;
/** Unsent output above which the shell is slowed down. */
const HIGH_WATER = 1024 * 1024;
/** Close codes of our own; the reason is the sentence to show. 4000: the shell ended. */
const CLOSED = { ended: 4000, refused: 4003, unavailable: 4009 } as const;

const Size = { rows: z.coerce.number().int().min(1).max(1000), cols: z.coerce.number().int().min(1).max(1000) };
const Query = z.object({ terminal: z.uuid("Expected a UUID: make one, and name it again to come back."), ...Size });
const Resize = z.strictObject(Size);

/**
 * GET /api/runs/:id/terminal?terminal=<uuid>&rows=&cols=, as a WebSocket. Binary messages are the terminal's bytes, both ways;
 * a text message {"rows", "cols"} sets its size. The same `terminal` again is the same shell, with what it last wrote.
 */
export function mountTerminals(app: Hono): void {
  app.get("/api/runs/:id/terminal", guard("runs:interact"), openTerminal);
}

async function openTerminal(c: Context<GuardedEnv>): Promise<Response> {
  const upgrade = upgradeOf(c);
  if (!upgrade) throw new DomainError("invalid", "A terminal is a WebSocket: ask for an upgrade.");
  const id = RunId.safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const query = parsed("terminal", Query, c.req.query());
  const ctx = c.get("ctx");
  refuseMachines(ctx);
  const place = await getPlace(ctx, id.data);
  const { attemptId, fence } = place;
  const address = { attemptId, fence, terminal: query.terminal, by: ctx.actor.id };
  const { headers } = c.req.raw;
  const org = c.req.query("org");
  try {
    await recordShell(ctx, place);
    const stream = await tunnels().stream(place.clusterId, { kind: "terminal", ...address, rows: query.rows, cols: query.cols });
    return upgrade.accept((socket) => {
      const resize = (size: z.infer<typeof Resize>) => void tunnels().stream(place.clusterId, { kind: "resize", ...address, ...size }).then((answer) => answer.resume(), () => {});
      join(socket, stream, { place, resize, ctx, still: () => mayStay(headers, org, place) });
    }, () => stream.destroy());
  } catch (error) {
    // A browser cannot read the answer to a refused upgrade: it is told through the socket.
    if (!(error instanceof DomainError)) throw error;
    return upgrade.accept((socket) => socket.close(CLOSED.unavailable, fitted(error.message)));
  }
}

/** Session, role and run as of now. */
async function mayStay(headers: Headers, org: string | undefined, place: Place): Promise<boolean> {
  try {
    const now = await getPlace(await enter(await createContext(headers, org), "runs:interact", "GET /api/runs/:id/terminal"), place.runId);
    return now.attemptId === place.attemptId;
  } catch (error) {
    return !(error instanceof DomainError); // the database is away: the shell is not taken from anybody for that
  }
}

interface Seat {
  place: Place;
  ctx: Ctx;
  resize: (size: z.infer<typeof Resize>) => void;
  still: () => Promise<boolean>;
}

function join(socket: WebSocket, stream: ClientHttp2Stream, { place, ctx, resize, still }: Seat): void {
  const note = () => noteActive(ctx.db, place);
  note();
  stream.on("data", (chunk: Buffer) => {
    note();
    socket.send(chunk, { binary: true }, () => socket.bufferedAmount < HIGH_WATER && stream.resume());
    if (socket.bufferedAmount >= HIGH_WATER) stream.pause();
  });
  socket.on("message", (data, isBinary) => {
    note();
    const bytes = data as Buffer;
    if (!isBinary) return void hearSize(bytes, resize);
    if (stream.write(bytes)) return;
    socket.pause();
    stream.once("drain", () => socket.resume());
  });
  const recheck = () => void still().then((may) => may || socket.close(CLOSED.refused, "The run has ended, or you may not use it any more."));
  const unsubscribe = bus().subscribe((changes) => {
    if (changes.some(({ topic, orgId, id }) => (topic === "people" && orgId === place.orgId) || (topic === "run" && id === place.runId))) recheck();
  });
  const timers = [setInterval(recheck, RECHECK_MS), setInterval(() => socket.ping(), PING_MS)];
  stream.once("end", () => socket.close(CLOSED.ended, "The shell ended."));
  stream.once("close", () => socket.close(CLOSED.unavailable, "The connection to the cluster broke. Open it again to go on."));
  socket.on("error", (err) => log().debug({ err }, "a terminal's socket broke"));
  socket.once("close", () => {
    for (const timer of timers) clearInterval(timer);
    unsubscribe();
    stream.destroy();
  });
}

function hearSize(bytes: Buffer, resize: Seat["resize"]): void {
  try {
    resize(Resize.parse(JSON.parse(bytes.toString("utf8"))));
  } catch {
    // not a size: nothing else is said in text
  }
}

/** A close reason holds 123 bytes. */
const fitted = (message: string): string => (Buffer.byteLength(message) <= 123 ? message : `${Buffer.from(message).subarray(0, 117).toString("utf8").replace(/\uFFFD$/, "")}…`);
