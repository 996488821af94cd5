import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import { createWebSocketStream, WebSocket } from "ws";
import { Backoff, pause } from "../backoff.ts";
import type { ServerClient } from "../identity/client.ts";
import { log, reason } from "../log.ts";
import { AGENT_PATHS, TUNNEL_WINDOW } from "../protocol/messages.ts";
import type { Openings } from "./openings.ts";

const DIAL_MS = 15_000;
/** Proxies between cut connections that say nothing. */
const PING_MS = 20_000;

/** One tunnel to each server that wants one, dialled again while it does. */
export class Tunnels {
  private readonly client: ServerClient;
  private readonly openings: Openings;
  private readonly wanted = new Map<string, AbortController>();

  constructor(client: ServerClient, openings: Openings) {
    this.client = client;
    this.openings = openings;
  }

  /** The whole of what is wanted: what is new is dialled, what is not named any more is closed. */
  want(servers: readonly string[]): void {
    for (const [server, stop] of this.wanted) if (!servers.includes(server)) stop.abort();
    for (const server of servers) if (this.wanted.get(server)?.signal.aborted ?? true) void this.keep(server); // one that is being given up may take long over it
  }

  close(): void {
    this.want([]);
    this.openings.terminals.close();
  }

  private async keep(server: string): Promise<void> {
    const stop = new AbortController();
    this.wanted.set(server, stop);
    const backoff = new Backoff();
    while (!stop.signal.aborted && !this.client.ban) {
      try {
        await this.hold(server, stop.signal, () => backoff.reset());
      } catch (error) {
        log.debug("No tunnel", { server, reason: reason(error) });
        if (error instanceof NotWanted) break;
      }
      await pause(backoff.next(), stop.signal);
    }
    if (this.wanted.get(server) === stop) this.wanted.delete(server);
  }

  /** Resolves when the tunnel has ended. @throws where it could not be opened. */
  private async hold(server: string, signal: AbortSignal, opened: () => void): Promise<void> {
    const path = AGENT_PATHS.tunnel(server);
    const url = new URL(path, this.client.origin);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, { headers: await this.client.headersFor({ method: "GET", path }), perMessageDeflate: false, handshakeTimeout: DIAL_MS });
    await untilOpen(socket);
    opened();
    const bytes = createWebSocketStream(socket);
    bytes.on("error", (error) => log.debug("A tunnel's socket broke", { server, reason: reason(error) })); // the session closes then
    const session = performServerHandshake(bytes, { settings: { initialWindowSize: TUNNEL_WINDOW.stream } });
    session.setLocalWindowSize(TUNNEL_WINDOW.session);
    session.on("stream", (stream, headers) => void this.openings.serve(stream, headers));
    session.on("error", (error) => log.debug("A tunnel broke", { server, reason: reason(error) }));
    const pinging = setInterval(() => socket.ping(), PING_MS);
    try {
      await untilClosed(socket, session, signal);
    } finally {
      clearInterval(pinging);
      session.destroy();
      socket.terminate();
    }
  }
}

/** The server does not know of it: the next sync says what is wanted. */
class NotWanted extends Error {}

function untilOpen(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      reject(response.statusCode === 404 ? new NotWanted("the server wants none") : new Error(`the server answered ${response.statusCode}`));
      socket.terminate();
    });
  });
}

function untilClosed(socket: WebSocket, session: ServerHttp2Session, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve()).on("error", () => resolve());
    session.once("close", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve(); // while it was dialled
  });
}
