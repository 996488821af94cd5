import { randomUUID } from "node:crypto";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { createWebSocketStream, type WebSocket } from "ws";
import { OPEN_HEADER, OPEN_PATH, type Opening, TUNNEL_WINDOW } from "../agent/protocol/messages.ts";
import { DomainError } from "../domain/shared/errors.ts";
import { log } from "./log.ts";

const DIAL_MS = 12_000;
const ANSWER_MS = 25_000;
const KEEP_MS = 20_000;
/** Without a stream for so long, a tunnel is closed. */
const IDLE_MS = 10 * 60_000;

/** Says which tunnels this server wants: server/agents/commands/tunnels.ts, bound to the database. */
export interface Wishes {
  want: (clusterId: string) => Promise<void>;
  keep: (clusterId: string) => Promise<void>;
  drop: (clusterId: string) => Promise<void>;
}

interface Tunnel {
  agentId: string;
  session: ClientHttp2Session;
  streams: number;
  usedAt: number;
}

/**
 * The tunnels of this server process: each belongs to one cluster, was dialled by its agent because somebody here asked
 * for it, and carries any number of streams into its running attempts.
 */
export class Tunnels {
  readonly serverId = randomUUID();
  private readonly wishes: Wishes;
  private readonly open = new Map<string, Tunnel>();
  private readonly waiting = new Map<string, Set<(tunnel: Tunnel) => void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(wishes: Wishes) {
    this.wishes = wishes;
    this.timer = setInterval(() => void this.tidy(), KEEP_MS);
    this.timer.unref();
  }

  /** The agent of a cluster has dialled. A second tunnel takes the first one's place. */
  accept(clusterId: string, agentId: string, socket: WebSocket): void {
    const bytes = createWebSocketStream(socket);
    bytes.on("error", (err) => log().debug({ err, clusterId }, "a tunnel's socket broke")); // the session closes then
    const session = connect("http://agent", { createConnection: () => bytes, settings: { initialWindowSize: TUNNEL_WINDOW.stream } });
    session.once("connect", () => session.setLocalWindowSize(TUNNEL_WINDOW.session));
    const tunnel: Tunnel = { agentId, session, streams: 0, usedAt: performance.now() };
    session.on("error", (err) => log().debug({ err, clusterId }, "a tunnel broke"));
    session.once("close", () => {
      socket.terminate();
      if (this.open.get(clusterId) === tunnel) this.open.delete(clusterId);
    });
    this.open.get(clusterId)?.session.close();
    this.open.set(clusterId, tunnel);
    for (const take of this.waiting.get(clusterId) ?? []) take(tunnel);
  }

  /**
   * A stream into a running attempt; its bytes go both ways.
   * @throws DomainError "unavailable" where the agent cannot be reached; "conflict" with the agent's own words where it refuses.
   */
  async stream(clusterId: string, opening: Opening): Promise<ClientHttp2Stream> {
    const tunnel = await this.tunnelTo(clusterId);
    tunnel.usedAt = performance.now();
    tunnel.streams += 1;
    const stream = tunnel.session.request({ ":method": "POST", ":path": OPEN_PATH, [OPEN_HEADER]: JSON.stringify(opening) });
    stream.on("error", (err) => log().debug({ err, clusterId }, "a stream of a tunnel broke"));
    stream.once("close", () => {
      tunnel.streams -= 1;
      tunnel.usedAt = performance.now();
    });
    const status = await statusOf(stream);
    if (status === 200) return stream;
    throw new DomainError("conflict", await textOf(stream), { context: { clusterId, status } });
  }

  /** Its identity was revoked, or it joined anew. */
  forget(agentId: string): void {
    for (const tunnel of this.open.values()) if (tunnel.agentId === agentId) tunnel.session.destroy();
  }

  close(): void {
    clearInterval(this.timer);
    for (const [clusterId, { session }] of this.open) {
      session.destroy();
      void this.wishes.drop(clusterId).catch(() => {});
    }
  }

  private async tunnelTo(clusterId: string): Promise<Tunnel> {
    const known = this.open.get(clusterId);
    if (known && !known.session.destroyed && !known.session.closed) return known;
    const waiters = this.waiting.get(clusterId) ?? new Set();
    this.waiting.set(clusterId, waiters);
    let take!: (tunnel: Tunnel) => void;
    const dialled = new Promise<Tunnel>((resolve) => waiters.add((take = resolve)));
    try {
      await this.wishes.want(clusterId);
      const tunnel = await within(DIAL_MS, dialled);
      if (!tunnel) throw new DomainError("unavailable", `The cluster's agent did not open a connection within ${DIAL_MS / 1000} s. Is it in contact, and up to date?`);
      return tunnel;
    } finally {
      waiters.delete(take);
      if (waiters.size === 0) this.waiting.delete(clusterId);
    }
  }

  private async tidy(): Promise<void> {
    for (const [clusterId, tunnel] of this.open) {
      const isIdle = tunnel.streams === 0 && performance.now() - tunnel.usedAt > IDLE_MS;
      await (isIdle ? this.wishes.drop(clusterId) : this.wishes.keep(clusterId)).catch((err: unknown) => log().warn({ err, clusterId }, "could not say that a tunnel is wanted"));
    }
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), ms);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => stream.destroy(), ANSWER_MS);
    stream.once("response", (headers) => {
      clearTimeout(timer);
      resolve(Number(headers[":status"]));
    });
    stream.once("close", () => {
      clearTimeout(timer);
      reject(new DomainError("unavailable", "The connection to the cluster's agent broke. Try again."));
    });
  });
}

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString("utf8").slice(0, 1000) || "The agent refused.";
}

let shared: Tunnels | undefined;
export const setTunnels = (tunnels: Tunnels): void => void (shared = tunnels);
/** This process's own. */
export function tunnels(): Tunnels {
  if (!shared) throw new Error("The tunnels are not open yet.");
  return shared;
}
