import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { AGENT_PATHS, Enrol, Join, LIMITS, SIGNED_HEADERS, Sync } from "../../agent/protocol/messages.ts";
import { DomainError } from "../../domain/shared/errors.ts";
import { open } from "../access/guard.ts";
import { DroppedAnswer } from "../failpoint.ts";
import { log } from "../log.ts";
import { createAuthenticator, sha256Hex, type AgentIdentity, type Authenticator } from "./authenticate.ts";
import { readBody } from "./body.ts";
import { enrolAgent } from "./commands/enrol.ts";
import { joinAgent } from "./commands/join.ts";
import { mountParts } from "./parts.ts";
import { startPresence, type Presence } from "./presence.ts";
import { parseSaid, parseMessage, Refused } from "./refused.ts";
import { agentServices, type AgentServices } from "./services.ts";
import { mountStreams } from "./streams.ts";
import { syncAgent } from "./sync.ts";
import { mountTunnels, openTunnels } from "./tunnel-endpoint.ts";
import { outageOf } from "../outage.ts";
import { setTunnels, type Tunnels } from "../tunnels.ts";
import { openWantedBoard, type WantedBoard } from "./wanted.ts";

const SMALL_BODY = 64 * 1024;

/** One server's side of the connector: its services, who it heard, whose signatures it saw. */
export interface Connector {
  services: AgentServices;
  authenticator: Authenticator;
  presence: Presence;
  board: WantedBoard;
  tunnels: Tunnels;
  /** Aborted when the server shuts down: waiting syncs answer at once. */
  closing: AbortSignal;
  close: () => void;
}

export function createConnector(services: AgentServices): Connector {
  const authenticator = createAuthenticator(services);
  const board = openWantedBoard(services);
  const presence = startPresence(services, (standings) => void authenticator.compare(standings).then((changed) => changed.forEach(board.rouse)));
  const tunnels = openTunnels(services);
  const closing = new AbortController();
  const unsubscribe = services.bus.subscribe((changes) => {
    for (const { topic, id } of changes) {
      if (topic === "agent-revoked" || topic === "agent-joined") authenticator.forget(id);
      if (topic === "agent-revoked") tunnels.forget(id);
    }
  });
  return {
    services,
    authenticator,
    presence,
    board,
    tunnels,
    closing: closing.signal,
    close: () => {
      closing.abort();
      unsubscribe();
      board.close();
      tunnels.close();
      presence.stop();
    },
  };
}

let shared: Connector | undefined;
/** This process's connector. The server opens it at its start: beats must not wait for the first agent to call. */
export function connector(): Connector {
  if (!shared) {
    shared = createConnector(agentServices());
    setTunnels(shared.tunnels);
  }
  return shared;
}

export type AgentContext = Context<{ Bindings: Partial<HttpBindings> }>;
/** Signed request → who sent it; also notes that it was heard. */
export type CheckSigned = (c: AgentContext, bodySha256: string) => Promise<{ agent: AgentIdentity; session: string }>;
export type Answer = (handler: (c: AgentContext, connector: Connector) => Promise<Response>) => (c: AgentContext) => Promise<Response>;

const OPEN = open("signed by the agent's key, or proven by an enrolment code");

/**
 * The agents' paths, on the given connector or this process's own.
 * Every refusal is a `Refusal` with a code the agent acts on; every other failure is `unavailable`, safe to try again.
 */
export function mountAgentRoutes(app: Hono, given?: Connector): void {
  const answer: Answer = (handler) => async (c) => {
    const at = given ?? connector();
    try {
      return await handler(c, at);
    } catch (error) {
      return refuse(c, error, at.services.now());
    }
  };
  app.post(AGENT_PATHS.enrol, OPEN, answer(async (c, { services }) => {
    const message = parseMessage(Enrol, parseSaid(await readBody(c.req.raw, SMALL_BODY)));
    const reply = await enrolAgent(services.db, services.bus, message);
    return c.json({ ...reply, serverTime: services.now() });
  }));
  app.post(AGENT_PATHS.join, OPEN, answer(async (c, { services, authenticator }) => {
    const body = await readBody(c.req.raw, SMALL_BODY);
    const agent = await authenticator.check(c.req.raw, sha256Hex(body), "none");
    const message = parseMessage(Join, parseSaid(body));
    try {
      const session = await joinAgent(services.tenant(agent.orgId).db, services.bus, agent, message);
      return c.json({ session, leaseSeconds: services.leaseSeconds, serverTime: services.now() });
    } finally {
      authenticator.forget(agent.id);
    }
  }));
  app.post(AGENT_PATHS.sync, OPEN, answer(async (c, at) => {
    const { authenticator, presence, closing } = at;
    const body = await readBody(c.req.raw, LIMITS.jsonBody);
    const agent = await authenticator.check(c.req.raw, sha256Hex(body), "newest");
    presence.heard(agent.id);
    const message = parseMessage(Sync, parseSaid(body));
    const session = c.req.header(SIGNED_HEADERS.session)!;
    return c.json(await syncAgent(at, { agent, session, message, signal: AbortSignal.any([c.req.raw.signal, closing]) }));
  }));
  mountStreams(app, OPEN, answer);
  mountParts(app, OPEN, answer);
  mountTunnels(app, OPEN, answer);
}

function refuse(c: AgentContext, error: unknown, now: number): Response {
  const refused = asRefused(outageOf(error) ?? error);
  if (refused) return c.json(refused.body(now), refused.status as 400);
  if (error instanceof DroppedAnswer) {
    c.env.incoming?.socket.destroy();
    return c.body(null, 500);
  }
  log().error({ err: error, path: c.req.path }, "unexpected error in an agent's request");
  return c.json(new Refused("unavailable", "The server failed on this request. Trying again is safe.").body(now), 503);
}

function asRefused(error: unknown): Refused | null {
  if (error instanceof Refused) return error;
  if (!(error instanceof DomainError)) return null;
  const code = error.code === "not_found" || error.code === "too_large" ? error.code : error.code === "unavailable" ? "unavailable" : "bad_request";
  return new Refused(code, error.message, error.issues[0]?.field);
}
