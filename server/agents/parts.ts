import type { Hono, MiddlewareHandler } from "hono";
import { z } from "zod";
import { AGENT_PATHS, LIMITS, PART_BYTES, PART_TOTAL_HEADER } from "../../agent/protocol/messages.ts";
import { DomainError } from "../../domain/shared/errors.ts";
import { nextPart, takePart } from "../experiments/commands/object-parts.ts";
import { sha256Hex } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { AgentContext, Answer, Connector } from "./endpoint.ts";
import { Refused } from "./refused.ts";
import { objectHash, signed } from "./streams.ts";

const Whole = z.coerce.number().int().nonnegative();

/** Large objects in parts: where to go on, and the next part. */
export function mountParts(app: Hono, open: MiddlewareHandler, answer: Answer): void {
  app.get(AGENT_PATHS.parts(":sha256"), open, answer(tellNext));
  app.put(`${AGENT_PATHS.parts(":sha256")}/:offset`, open, answer(putPart));
}

async function tellNext(c: AgentContext, connector: Connector): Promise<Response> {
  const sha256 = objectHash(c);
  const { agent: { orgId, clusterId }, services } = await signed(c, connector, sha256Hex(""));
  return c.json({ ...(await nextPart(services.db, services.objects, { orgId, clusterId, sha256 })), serverTime: services.now() });
}

async function putPart(c: AgentContext, connector: Connector): Promise<Response> {
  const sha256 = objectHash(c);
  const offset = number("offset", c.req.param("offset"));
  const total = number(PART_TOTAL_HEADER, c.req.header(PART_TOTAL_HEADER));
  if (total > LIMITS.artifactBytes) throw new Refused("too_large", `The object is larger than ${LIMITS.artifactBytes} bytes.`, PART_TOTAL_HEADER);
  const body = await readBody(c.req.raw, PART_BYTES);
  const part = sha256Hex(body);
  const { agent: { orgId, clusterId }, services } = await signed(c, connector, part);
  try {
    const taken = await takePart(services.db, services.objects, { orgId, clusterId, sha256 }, { offset, total, sha256: part, maxBytes: PART_BYTES }, [body]);
    return c.json({ ...taken, serverTime: services.now() });
  } catch (error) {
    if (error instanceof DomainError && error.code === "conflict") throw new Refused("unavailable", error.message, "offset"); // the agent asks again where to go on
    throw error;
  }
}

function number(field: string, text: string | undefined): number {
  const parsed = Whole.safeParse(text);
  if (!parsed.success) throw new Refused("bad_request", `${field}: Expected a whole number.`, field);
  return parsed.data;
}
