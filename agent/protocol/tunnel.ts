import { z } from "zod";
import { Fence, Id } from "./fields.ts";

/**
 * How people reach running attempts although agents only dial out: where `SyncReply.tunnels` names a server, the agent
 * opens a WebSocket to it, signed like any request, and both speak HTTP/2 over its bytes with the server as the client.
 * Each stream is a POST to OPEN_PATH with an `Opening` as JSON in OPEN_HEADER. 200: bytes both ways until either side
 * ends it. Anything else: the body says why in plain text.
 */
export const tunnelPath = (server: string): string => `/api/agent/tunnel/${server}`;
export const TunnelServer = z.string().regex(/^[A-Za-z0-9-]{8,64}$/);

/** Bytes on their way without an answer, of one stream and of all together: HTTP/2's own 64 KiB would make far places slow. */
export const TUNNEL_WINDOW = { stream: 1024 * 1024, session: 8 * 1024 * 1024 } as const;

export const OPEN_PATH = "/open";
export const OPEN_HEADER = "x-drover-open";

const Attempt = { attemptId: Id, fence: Fence };
const Size = { rows: z.int().min(1).max(1000), cols: z.int().min(1).max(1000) };
/** Of one terminal: made by whoever opens it, so that it is found again after the connection broke. */
const Terminal = { terminal: z.uuid(), by: z.string().max(64) };
export const Opening = z.discriminatedUnion("kind", [
  /** A shell in a terminal, or the same one again for the same person. */
  z.strictObject({ kind: z.literal("terminal"), ...Attempt, ...Terminal, ...Size }),
  /** The window of that terminal has another size; the stream says nothing. */
  z.strictObject({ kind: z.literal("resize"), ...Attempt, ...Terminal, ...Size }),
  /** The port that the attempt was told to listen at. */
  z.strictObject({ kind: z.literal("port"), ...Attempt }),
]);
export type Opening = z.infer<typeof Opening>;
