import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { createProxyServer } from "http-proxy-3";
import { clients } from "../../../db/client.ts";
import { resolveGrant } from "../../../domain/access/roles.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { listBindings } from "../../access/queries.ts";
import { sha256 } from "../../access/secrets.ts";
import { log } from "../../log.ts";
import { refuse } from "../../upgrades.ts";
import { noteActive, redeemAppTicket } from "../commands/interactive.ts";
import { findAppSession, getPlace, type Place } from "../queries/interactive.ts";
import { appToken } from "../run-token.ts";
import { AppAgent } from "./app-agent.ts";
import { sayUnavailable, saySignIn } from "./app-pages.ts";
import { appOrigin } from "./apps-host.ts";

const COOKIE = "drover_app";
/** code-server's, which it compares with the HASHED_PASSWORD that it was started with; it reads no other header. */
const EDITOR_COOKIE = "code-server-session";
const ENTER = "/__drover/enter";
/** How long a revoked role or login goes unseen. */
const CHECKED_MS = 1000;
/** An open connection is looked at anew this often. */
const RECHECK_MS = 5000;
const MOST_KEPT = 1000;

const proxy = createProxyServer({ xfwd: true, cookieDomainRewrite: "", proxyTimeout: 0, timeout: 0 });
proxy.on("error", (error, _request, to) => {
  log().debug({ err: error }, "an app did not answer");
  if ("writeHead" in to) sayUnavailable(to as ServerResponse, error.message);
  else (to as Duplex).destroy();
});

const agents = new Map<string, AppAgent>();
const checked = new Map<string, { at: number; place: Promise<Place | null> }>();

/** The app of one run, at its own origin, for those who came through the console. */
export async function serveApp(request: IncomingMessage, response: ServerResponse, runId: string): Promise<void> {
  try {
    const url = new URL(request.url ?? "/", "http://app");
    if (url.pathname === ENTER) return await enterApp(response, runId, url.searchParams.get("ticket") ?? "");
    if (isForeign(request, runId)) return void response.writeHead(403, { "content-type": "text/plain" }).end("This request comes from another site, so it was refused.\n");
    const place = await placeOf(tokenOf(request), runId);
    if (!place) return saySignIn(response);
    if (isUse(request)) noteActive(clients().tenant(place.orgId).db, place);
    proxy.web(request, response, forwarding(request, place));
  } catch (error) {
    if (error instanceof DomainError) return sayUnavailable(response, error.message);
    log().error({ err: error }, "unexpected error in an app's request");
    sayUnavailable(response, "The server failed on this request.");
  }
}

/** The same for connections that become WebSockets: kernels, terminals, live pages. */
export async function serveAppSocket(request: IncomingMessage, socket: Duplex, head: Buffer, runId: string): Promise<void> {
  socket.on("error", () => socket.destroy());
  const token = tokenOf(request); // what is forwarded does not have it any more
  const place = isForeign(request, runId) ? null : await placeOf(token, runId).catch(() => null);
  if (!place) return refuse(socket, 403, "");
  socket.on("data", (chunk: Buffer) => isMessage(chunk) && noteActive(clients().tenant(place.orgId).db, place));
  const leave = (error?: unknown) => (error === undefined || error instanceof DomainError) && socket.destroy(); // a database that is away takes nothing from anybody
  const watching = setInterval(() => void placeOf(token, runId).then((still) => still?.attemptId === place.attemptId || leave(), leave), RECHECK_MS);
  socket.once("close", () => clearInterval(watching));
  try {
    proxy.ws(request, socket as never, head, forwarding(request, place));
  } catch (err) {
    log().debug({ err, url: request.url }, "a request for an app's socket cannot be passed on"); // such as GET http://[: nobody above would catch it
    refuse(socket, 400, "");
  }
}

/** The cookie is ours and stays here; the app's own token goes along, so that nobody else on its machine is let in. */
function forwarding(request: IncomingMessage, place: Place) {
  const token = appToken(place.attemptId);
  const cookies = cookiesOf(request).filter((one) => ![COOKIE, EDITOR_COOKIE].some((name) => one.startsWith(`${name}=`)));
  if (place.app === "vscode") cookies.push(`${EDITOR_COOKIE}=${token}`);
  if (cookies.length > 0) request.headers.cookie = cookies.join("; ");
  else delete request.headers.cookie;
  request.headers.authorization ??= `token ${token}`;
  return { target: "http://app.internal", agent: agentOf(place) };
}

/** Pages that lie open ask again and again by themselves: only what a person does counts as use. */
const isUse = ({ method, headers }: IncomingMessage): boolean => (method !== "GET" && method !== "HEAD") || headers["sec-fetch-mode"] === "navigate";
/** A WebSocket's frame with something in it, not its ping or pong: the low four bits of its first byte say so (RFC 6455, 5.2). */
const isMessage = (chunk: Buffer): boolean => (chunk[0]! & 0x0f) < 8;

function agentOf(place: Place): AppAgent {
  const known = agents.get(place.attemptId);
  if (known) return known;
  if (agents.size >= MOST_KEPT) {
    const [oldest] = agents;
    oldest![1].destroy();
    agents.delete(oldest![0]);
  }
  const agent = new AppAgent(place);
  agents.set(place.attemptId, agent);
  return agent;
}

/**
 * Apps of several runs are neighbours of one site, and any of them may show what its author likes: only pages of the app's
 * own origin may call it. Links from elsewhere may open it.
 */
function isForeign(request: IncomingMessage, runId: string): boolean {
  const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
  if (origin !== undefined) return origin !== appOrigin(runId);
  if (site === undefined || site === "same-origin" || site === "none") return false;
  return !(mode === "navigate" && request.method === "GET" && request.headers["sec-fetch-dest"] === "document");
}

async function enterApp(response: ServerResponse, runId: string, ticket: string): Promise<void> {
  const token = await redeemAppTicket(clients().db, runId, ticket);
  if (!token) return saySignIn(response);
  const secure = appOrigin(runId)?.startsWith("https:") ? "; Secure" : "";
  response.writeHead(303, { location: "/", "set-cookie": `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax${secure}`, "cache-control": "no-store", "referrer-policy": "no-referrer" }).end();
}

const cookiesOf = (request: IncomingMessage): string[] => (request.headers.cookie ?? "").split(/; */).filter(Boolean);
const tokenOf = (request: IncomingMessage): string | undefined => cookiesOf(request).find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);

/** Where who holds this cookie may go; null for nobody known. Looked up once a second for each cookie. @throws DomainError where nobody can be let in now. */
function placeOf(token: string | undefined, runId: string): Promise<Place | null> {
  if (!token) return Promise.resolve(null);
  const key = `${runId} ${sha256(token)}`;
  const known = checked.get(key);
  if (known && performance.now() - known.at < CHECKED_MS) return known.place;
  if (checked.size >= MOST_KEPT) checked.clear();
  const place = check(runId, sha256(token));
  checked.set(key, { at: performance.now(), place });
  place.catch(() => checked.delete(key));
  return place;
}

async function check(runId: string, tokenHash: string): Promise<Place | null> {
  const session = await findAppSession(clients().db, runId, tokenHash);
  if (!session) return null;
  const { orgId, user } = session;
  const { db } = clients().tenant(orgId);
  const bindings = await listBindings(db, orgId, user.id);
  return getPlace({ db, orgId, actor: { type: "user", id: user.id, name: user.name, tokenId: null }, grantFor: (permission) => resolveGrant(orgId, permission, bindings) }, runId);
}
