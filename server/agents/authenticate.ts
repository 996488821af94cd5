import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { LIMITS, SIGNED_HEADERS, signingText } from "../../agent/protocol/messages.ts";
import type { Standing } from "./commands/presence.ts";
import { findAgent, type AgentIdentity } from "./queries.ts";
import { Refused } from "./refused.ts";
import type { AgentServices } from "./services.ts";

/** Longer than agents wait between two messages. What changes meanwhile is told by the bus, and by `compare` a second after each message. */
const CACHE_MS = 60_000;
const NONCE = /^[\x21-\x7e]{8,64}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export type { AgentIdentity };

export interface Authenticator {
  /**
   * Who signed this request. `session: "none"` for join, which starts one.
   * @throws Refused: bad_signature, stale_signature, replayed, revoked, cloned, no_session.
   */
  check: (request: Request, bodySha256: string, session: "newest" | "none") => Promise<AgentIdentity>;
  /** Forget what is cached of this agent: it was revoked, locked, or joined anew. */
  forget: (agentId: string) => void;
  /** How agents stand now: those remembered otherwise are forgotten, and returned. */
  compare: (standings: Standing[]) => Promise<string[]>;
  /** The same agent again, after a wait. */
  recheck: (agent: AgentIdentity, sessionId: string) => Promise<AgentIdentity>;
}

/** Both keep what this process saw, nothing more: a restart refuses signatures from before it, so no nonce is needed again. */
export function createAuthenticator(services: Pick<AgentServices, "db" | "now">): Authenticator {
  const startedAt = services.now();
  const nonces = createNonces(services.now);
  const keys = new Map<string, KeyObject>();
  const cache = new Map<string, { at: number; agent: Promise<AgentIdentity | null> }>();

  function load(agentId: string, fresh: boolean): Promise<AgentIdentity | null> {
    const known = cache.get(agentId);
    if (known && !fresh && services.now() - known.at < CACHE_MS) return known.agent;
    const agent = findAgent(services.db, agentId);
    cache.set(agentId, { at: services.now(), agent });
    agent.then((found) => found ?? cache.delete(agentId), () => cache.delete(agentId)); // only who is known is remembered
    if (cache.size > 50_000) cache.clear();
    return agent;
  }
  async function inSession(agent: AgentIdentity, session: string): Promise<AgentIdentity> {
    const current = agent.session === session ? agent : await load(agent.id, true); // another server may have seen the join
    if (!current || current.session !== session) throw new Refused("no_session", "This session has ended or never was. Join again.");
    return current;
  }
  return {
    forget: (agentId) => void cache.delete(agentId),
    compare: async (standings) => {
      const known = await Promise.all(standings.map(async (now) => ({ now, agent: await cache.get(now.id)?.agent.catch(() => null) })));
      const changed = known.filter(({ now, agent }) => agent && (agent.session !== now.session || isLocked(agent) !== now.locked)).map(({ now }) => now.id);
      for (const id of changed) cache.delete(id);
      return changed;
    },
    recheck: async (agent, sessionId) => {
      const current = await load(agent.id, false);
      if (!current) throw new Refused("bad_signature", "This agent is not known here.");
      refuseLocked(current);
      return inSession(current, sessionId);
    },
    check: async (request, bodySha256, session) => {
      const claim = readClaim(request, bodySha256);
      const agent = await load(claim.agent, false);
      if (!agent || !isSigned(keys, agent, claim)) throw new Refused("bad_signature", "The signature does not fit this agent, path and body.");
      const age = services.now() - claim.at;
      if (Math.abs(age) > LIMITS.clockSkewMs) throw new Refused("stale_signature", "The signature's time is too far from the server's. Sign again with serverTime.");
      if (claim.at < startedAt) throw new Refused("stale_signature", "The signature is from before this server's start. Sign again with serverTime.");
      if (!nonces.spend(`${agent.id} ${claim.nonce}`)) throw new Refused("replayed", "This request was already taken once.");
      refuseLocked(agent);
      return session === "none" ? agent : inSession(agent, claim.session);
    },
  };
}

interface Claim {
  agent: string;
  session: string;
  nonce: string;
  at: number;
  text: string;
  signature: Buffer;
}

function readClaim(request: Request, bodySha256: string): Claim {
  const header = (name: string) => request.headers.get(name) ?? "";
  const [agent, session, time, nonce] = [header(SIGNED_HEADERS.agent), header(SIGNED_HEADERS.session), header(SIGNED_HEADERS.time), header(SIGNED_HEADERS.nonce)];
  const signature = Buffer.from(header(SIGNED_HEADERS.signature), "base64");
  if (!ID.test(agent) || !/^\d{1,16}$/.test(time) || !NONCE.test(nonce) || signature.length !== 64) {
    throw new Refused("bad_signature", "The request is not signed: a header is missing or malformed.");
  }
  const { pathname, search } = new URL(request.url);
  const text = signingText({ method: request.method, path: pathname + search, agent, session, time, nonce, bodySha256 });
  return { agent, session, nonce, at: Number(time), text, signature };
}

function isSigned(keys: Map<string, KeyObject>, agent: AgentIdentity, claim: Claim): boolean {
  let key = keys.get(agent.publicKey);
  if (!key) {
    key = createPublicKey({ key: Buffer.from(agent.publicKey, "base64"), format: "der", type: "spki" });
    if (keys.size > 50_000) keys.clear();
    keys.set(agent.publicKey, key);
  }
  return verify(null, Buffer.from(claim.text), key, claim.signature);
}

const isLocked = ({ revoked, cloned }: AgentIdentity): boolean => revoked || cloned;

function refuseLocked(agent: AgentIdentity): void {
  if (agent.revoked) throw new Refused("revoked", "This agent was revoked. Enrol it again to reconnect the cluster.");
  if (agent.cloned) throw new Refused("cloned", "A second copy of this agent's identity tried to join, so both are locked. Revoke it and enrol again.");
}

/** Two generations, turned over so that each nonce outlives its signature's window. */
function createNonces(now: () => number) {
  const span = 2 * LIMITS.clockSkewMs;
  let young = new Set<string>();
  let old = new Set<string>();
  let turnedAt = now();
  return {
    spend(nonce: string): boolean {
      if (now() - turnedAt > span) {
        old = now() - turnedAt > 2 * span ? new Set() : young;
        young = new Set();
        turnedAt = now();
      }
      if (young.has(nonce) || old.has(nonce)) return false;
      young.add(nonce);
      return true;
    },
  };
}

export const sha256Hex = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
