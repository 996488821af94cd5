import os from "node:os";
import type { z } from "zod";
import { failpoint } from "../failpoint.ts";
import { reason } from "../log.ts";
import { AGENT_PATHS, Enrolled, type HostFacts, PROTOCOL_VERSION, Refusal } from "../protocol/messages.ts";
import type { StateFolder } from "../state.ts";
import { agentVersion } from "../version.ts";
import { Identity, sha256Hex } from "./identity.ts";
import { Refused, Unreachable } from "./refusals.ts";

export function hostFacts(): z.infer<typeof HostFacts> {
  return { hostname: os.hostname().slice(0, 255) || "unknown", os: `${os.type()} ${os.release()}`.slice(0, 255), arch: process.arch, agentVersion: agentVersion(), node: process.version };
}

/**
 * Makes the key, then spends the code. A repeat with the same code after a crash sends the same key and gets the same answer;
 * after the answer was kept it changes nothing. @throws Error where the folder already belongs to another enrolment; Refused | Unreachable from the server.
 */
export async function enrol(state: StateFolder, url: string, code: string): Promise<Identity> {
  const identity = await identityFor(state, url, code);
  if (identity.now.agentId && !identity.now.ended) return identity;
  failpoint("agent.enrol.after-identity");
  const { publicKey, join } = identity.now;
  const message = { version: PROTOCOL_VERSION, code, publicKey, joinHash: sha256Hex(join.secret), host: hostFacts() };
  const answer = await post(new URL(AGENT_PATHS.enrol, url), message);
  failpoint("agent.enrol.after-answer");
  await identity.change({ agentId: answer.agentId, clusterId: answer.clusterId, clusterName: answer.clusterName, code: null, spent: sha256Hex(code) });
  failpoint("agent.enrol.after-commit");
  return identity;
}

async function identityFor(state: StateFolder, url: string, code: string): Promise<Identity> {
  const known = await Identity.load(state);
  if (known && known.now.agentId && !known.now.ended) {
    if (known.now.spent === sha256Hex(code) && known.now.url === url) return known;
    throw new Error(`${state.home} already belongs to agent ${known.now.agentId} of cluster "${known.now.clusterName}". Use another --state folder.`);
  }
  if (known && !known.now.ended && known.now.code === code && known.now.url === url) return known;
  failpoint("agent.enrol.before-identity");
  return Identity.create(state, url, code);
}

async function post(url: URL, message: unknown): Promise<z.infer<typeof Enrolled>> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(message), redirect: "error" });
    answer = await response.json().catch(() => null);
  } catch (error) {
    throw new Unreachable(`Cannot reach ${url.origin}: ${reason(error)}`);
  }
  if (!response.ok) {
    const refusal = Refusal.safeParse(answer);
    if (refusal.success) throw new Refused(refusal.data, response.status);
    throw new Unreachable(`${url.origin} answered ${response.status}. Is it a Drover server?`);
  }
  const enrolled = Enrolled.safeParse(answer);
  if (!enrolled.success) throw new Unreachable(`${url.origin} gave an answer that is not the protocol's.`);
  return enrolled.data;
}
