import type { Server } from "node:http";

const LOOK_EVERY_MS = 50;
/** Upgraded sockets (Next's hot reload in development) are no connections that can be cut: nothing is waited for longer than this. */
const AFTER_CUT_MS = 500;

/**
 * Takes no new connections and ends each one with the answer that it waits for: agents would go on asking on those that they
 * have. What is still open after the grace period is cut.
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  server.prependListener("request", (_request, response) => response.setHeader("connection", "close"));
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS); // those whose last answer was on its way
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  let end: NodeJS.Timeout | undefined;
  await Promise.race([new Promise((resolve) => server.close(resolve)), new Promise((resolve) => (end = setTimeout(resolve, graceMs + AFTER_CUT_MS)))]);
  for (const timer of [idle, cut, end]) clearTimeout(timer);
}
