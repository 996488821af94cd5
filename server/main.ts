import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { clients } from "../db/client.ts";
import { env } from "../env.ts";
import { connector } from "./agents/endpoint.ts";
import { buildApp } from "./app.ts";
import { openBus, setBus } from "./bus.ts";
import { closeJobs, openJobs } from "./jobs/queue.ts";
import { log } from "./log.ts";
import { closeLiveStreams } from "./monitoring/live.ts";

const GRACE_MS = 5_000;
/** The checkout: both server/main.ts and its bundle dist/server.mjs lie one folder below it. */
const ROOT = join(import.meta.dirname, "..");

/** One origin, one port: machine paths on Hono, everything else to Next (facts: Next route handlers cost 5 to 18 times as much). */
async function main(): Promise<void> {
  const { DROVER_HOST: host, DROVER_PORT: port, DROVER_CONSOLE, NODE_ENV } = env();
  const bus = await openBus(clients().sql);
  setBus(bus);
  await openJobs(env().DATABASE_URL, "server");
  connector();
  const machine = getRequestListener(buildApp().fetch);
  const pages = DROVER_CONSOLE === "on" ? await preparePages(NODE_ENV === "development") : machine;
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/api/") || request.url?.startsWith("/mlflow/")) return void machine(request, response);
    request.headers["x-drover-path"] = request.url ?? "/"; // server components learn their path (server/trpc/rsc.tsx); never a client's own value
    void pages(request, response);
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 6 * 3_600_000; // an agent may upload 10 GiB over a thin line; headers still have a minute
  server.listen(port, host, () => log().info({ host, port }, "server ready"));
  const stop = () => void shutdown(server, bus.close);
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

/** Next is loaded only where pages are served: it is most of the start-up time and memory. */
async function preparePages(dev: boolean): Promise<RequestListener> {
  const { default: next } = await import("next");
  const pages = next({ dev, dir: ROOT, turbopack: true });
  await pages.prepare();
  return pages.getRequestHandler();
}

/** Open event streams never end by themselves: after a grace period their sockets are cut. */
async function shutdown(server: Server, closeBus: () => Promise<void>): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  closeLiveStreams();
  connector().close();
  server.closeIdleConnections();
  // Upgraded sockets (Next's hot reload in development) are no connections that can be cut: nothing is waited for longer than this.
  await Promise.race([new Promise((resolve) => server.close(resolve)), new Promise((resolve) => setTimeout(resolve, GRACE_MS + 500))]);
  clearTimeout(cut);
  await closeJobs().catch(() => {});
  await closeBus().catch(() => {});
  await clients().close();
  process.exit(0);
}

main().catch((error: unknown) => {
  log().fatal({ err: error }, error instanceof Error ? error.message : "the server could not start");
  process.exit(1);
});
