import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { clients } from "../db/client.ts";
import { requireRole } from "../db/roles.ts";
import { env } from "../env.ts";
import { connector } from "./agents/endpoint.ts";
import { buildApp } from "./app.ts";
import { closeServer } from "./close-server.ts";
import { frameHeaders, originsOfFrame } from "./costs/embed-headers.ts";
import { openBus, setBus } from "./bus.ts";
import { serveApp, serveAppSocket } from "./experiments/interactive/app-proxy.ts";
import { runOfHost } from "./experiments/interactive/apps-host.ts";
import { ReducerPool } from "./experiments/reduce/pool.ts";
import { setReducers } from "./experiments/reduce/reduce.ts";
import { closeJobs, openJobs } from "./jobs/queue.ts";
import { log } from "./log.ts";
import { closeLiveStreams } from "./monitoring/live.ts";
import { openUpgrades } from "./upgrades.ts";

const GRACE_MS = 5_000;
/** Threads that reduce charts: a core is left for the requests themselves. */
const REDUCERS = Math.max(1, Math.min(8, availableParallelism() - 1));
/** The checkout: both server/main.ts and its bundle dist/server.mjs lie one folder below it. */
const ROOT = join(import.meta.dirname, "..");

/** One origin, one port: machine paths on Hono, everything else to Next (facts: Next route handlers cost 5 to 18 times as much). */
async function main(): Promise<void> {
  const { DROVER_HOST: host, DROVER_PORT: port, DROVER_CONSOLE, NODE_ENV } = env();
  await requireRole("drover_app", clients().sql);
  await requireRole("drover_tenant", clients().tenant("none").sql);
  const bus = await openBus(clients().sql);
  setBus(bus);
  await openJobs(env().DATABASE_URL, "server");
  setReducers(new ReducerPool(REDUCERS, env().DATABASE_URL));
  connector();
  const app = buildApp();
  const machine = getRequestListener(app.fetch);
  const upgrades = openUpgrades(app);
  const { pages, upgrade: pagesUpgrade } = DROVER_CONSOLE === "on" ? await preparePages(NODE_ENV === "development") : { pages: machine, upgrade: null };
  const server = createServer((request, response) => {
    const appRun = runOfHost(request.headers.host);
    if (appRun) return void serveApp(request, response, appRun);
    if (request.url?.startsWith("/api/") || request.url?.startsWith("/mlflow/")) return void machine(request, response);
    request.headers["x-drover-path"] = request.url ?? "/"; // server components learn their path (server/trpc/rsc.tsx); never a client's own value
    if (request.url?.startsWith("/embed/")) return void serveFrame(request, response, pages);
    void pages(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    const appRun = runOfHost(request.headers.host);
    if (appRun) return void serveAppSocket(request, socket, head, appRun);
    if (request.url?.startsWith("/api/")) return void upgrades.handle(request, socket, head);
    if (pagesUpgrade) return void pagesUpgrade(request, socket, head); // hot reload in development
    socket.destroy();
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 6 * 3_600_000; // an agent may upload 10 GiB over a thin line; headers still have a minute
  server.listen(port, host, () => log().info({ host, port }, "server ready"));
  const stop = () => void shutdown(server, upgrades.close, bus.close);
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

/** A frame of an embedded report: who may put it on a page, and what it may load, is decided for each answer. */
async function serveFrame(request: IncomingMessage, response: ServerResponse, pages: RequestListener): Promise<void> {
  const nonce = randomBytes(16).toString("base64");
  const headers = frameHeaders(await originsOfFrame(request.url!).catch(() => []), nonce);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  request.headers["content-security-policy"] = headers["content-security-policy"]; // Next gives its scripts the nonce that it finds here
  pages(request, response);
}

/** Next is loaded only where pages are served: it is most of the start-up time and memory. */
async function preparePages(dev: boolean) {
  const { default: next } = await import("next");
  const httpServer = createServer(); // never listens: Next would listen for upgrades on ours, and its catch-all pages would close them
  const pages = next({ dev, dir: ROOT, turbopack: true, httpServer });
  await pages.prepare();
  return { pages: pages.getRequestHandler() as RequestListener, upgrade: dev ? pages.getUpgradeHandler() : null };
}

/** Open event streams never end by themselves: they are told to, and what is left after a grace period is cut. */
async function shutdown(server: Server, closeUpgrades: () => void, closeBus: () => Promise<void>): Promise<void> {
  closeLiveStreams();
  closeUpgrades();
  connector().close();
  await closeServer(server, GRACE_MS);
  await closeJobs().catch(() => {});
  await closeBus().catch(() => {});
  await clients().close();
  process.exit(0);
}

main().catch((error: unknown) => {
  log().fatal({ err: error }, error instanceof Error ? error.message : "the server could not start");
  process.exit(1);
});
