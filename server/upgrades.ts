import { STATUS_CODES, type IncomingMessage } from "node:http";
import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Duplex } from "node:stream";
import type { Context, Hono } from "hono";
import { type WebSocket, WebSocketServer } from "ws";
import { log } from "./log.ts";

/** Bytes of one message of a client: keystrokes and pastes, or frames of a tunnel. */
const MOST_BYTES = 4 * 1024 * 1024;

/** In `c.env.upgrade` of a request that asks to become a WebSocket: the route says yes by one of these, or answers as ever. */
export interface Upgrade {
  /** @param otherwise Lets go of what was made ready: nobody takes it, since the asker has gone meanwhile or asked in a wrong way. */
  accept: (take: (socket: WebSocket) => void, otherwise?: () => void) => Response;
  /** Another server of this installation takes it, from the first byte on. */
  forward: (peerUrl: string) => Response;
}
type Decision = { accept: (socket: WebSocket) => void; otherwise?: () => void } | { forward: string };

/** @returns null for a request that asks for no upgrade. */
export const upgradeOf = (c: Context): Upgrade | null => (c.env as { upgrade?: Upgrade } | undefined)?.upgrade ?? null;

/** WebSockets on the routes of the machine paths, so that each names its permission like any other. */
export function openUpgrades(app: Hono) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false });
  return {
    handle: async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
      socket.on("error", () => socket.destroy());
      try {
        const decided: { by: Decision | null } = { by: null };
        const decide = (by: Decision) => {
          decided.by = by;
          return new Response(null, { status: 204 });
        };
        const upgrade: Upgrade = { accept: (accept, otherwise) => decide({ accept, otherwise }), forward: (forward) => decide({ forward }) };
        const answer = await app.fetch(requestOf(request), { incoming: request, upgrade });
        const { by } = decided;
        if (!by) return refuse(socket, answer.status, await answer.text());
        if ("forward" in by) return forward(request, socket, head, by.forward);
        let isTaken = false;
        sockets.handleUpgrade(request, socket, head, (client) => {
          isTaken = true;
          by.accept(client);
        });
        if (!isTaken) by.otherwise?.();
      } catch (err) {
        log().error({ err, path: request.url }, "unexpected error in an upgrade");
        refuse(socket, 500, "");
      }
    },
    close: () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

/** The request as routes know it; names and values as they came. */
function requestOf(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) for (const one of [value ?? []].flat()) headers.append(name, one);
  return new Request(new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`), { headers });
}

export function refuse(socket: Duplex, status: number, body: string): void {
  const bytes = Buffer.from(body);
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`), bytes]));
}

function forward(request: IncomingMessage, socket: Duplex, head: Buffer, peerUrl: string): void {
  const { hostname, port, protocol } = new URL(peerUrl);
  const isTls = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1"); // of IPv6 a URL has brackets, a socket none
  const place = { host, port: Number(port || (isTls ? 443 : 80)) };
  const peer = isTls ? connectTls({ ...place, ...(isIP(host) ? {} : { servername: host }) }) : connect(place);
  peer.once("error", () => refuse(socket, 502, ""));
  peer.once(isTls ? "secureConnect" : "connect", () => {
    const lines = request.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${request.rawHeaders[at + 1]}`] : []));
    peer.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    peer.write(head);
    peer.pipe(socket).pipe(peer);
  });
  socket.once("close", () => peer.destroy());
  peer.once("close", () => socket.destroy());
}
