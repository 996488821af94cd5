import { type z } from "zod";
import { OLDEST_VERSION, PROTOCOL_VERSION, type REFUSALS, type Refusal } from "../../agent/protocol/messages.ts";

type Code = (typeof REFUSALS)[number];

const STATUS: Record<Code, number> = {
  bad_request: 400,
  version: 400,
  bad_signature: 401,
  stale_signature: 401,
  no_session: 401,
  revoked: 403,
  cloned: 403,
  not_found: 404,
  code_used: 409,
  replayed: 409,
  stale_fence: 409,
  offset: 409,
  too_large: 413,
  unavailable: 503,
};

/** A refusal that the agent acts on, by its code. */
export class Refused extends Error {
  readonly code: Code;
  readonly field: string | undefined;

  constructor(code: Code, message: string, field?: string) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.field = field;
  }

  get status(): number {
    return STATUS[this.code];
  }

  body(now: number): Refusal {
    return { error: this.code, message: this.message, ...(this.field === undefined ? {} : { field: this.field }), serverTime: now };
  }
}

/** How JSON writes what no text of the database can hold: NUL, and halves of surrogate pairs (their whole pairs too). */
const UNKEEPABLE = /\\u(?:0000|d[89a-f])/i;
const keepable = (_key: string, value: unknown): unknown => (typeof value === "string" ? value.replaceAll("\0", "\uFFFD").toWellFormed() : value);

/** The body as JSON. @throws Refused "bad_request". */
export const parseJson = (body: Uint8Array): unknown => parse(body, () => undefined);

/**
 * The same of messages that pass on what jobs, tools and people said. What the database cannot hold of it becomes U+FFFD: such
 * a message could not be stored, and would be sent again for ever. @throws Refused "bad_request".
 */
export const parseSaid = (body: Uint8Array): unknown => parse(body, (text) => (UNKEEPABLE.test(text) ? keepable : undefined));

function parse(body: Uint8Array, reviverFor: (text: string) => typeof keepable | undefined): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return JSON.parse(text, reviverFor(text));
  } catch {
    throw new Refused("bad_request", "The body is not JSON in UTF-8.", "body");
  }
}

/** @throws Refused "bad_request" that names the field, or "version" when the agent speaks another protocol. */
export function parseMessage<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const version = typeof input === "object" && input !== null && "version" in input ? input.version : undefined;
  if (typeof version === "number" && (version < OLDEST_VERSION || version > PROTOCOL_VERSION)) {
    throw new Refused("version", `This server speaks versions ${OLDEST_VERSION} to ${PROTOCOL_VERSION} of the agent protocol, not ${version}. Install the agent that this server offers.`, "version");
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const field = [...issue.path, ...(unknown === undefined ? [] : [unknown])].join(".") || "body";
  throw new Refused("bad_request", `${field}: ${unknown === undefined ? issue.message : "This field is not known."}`, field);
}
