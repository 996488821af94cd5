import type { Refusal } from "../protocol/messages.ts";

/** The server understood and said no. */
export class Refused extends Error {
  readonly refusal: Refusal;
  readonly status: number;
  constructor(refusal: Refusal, status: number) {
    super(`${refusal.error}: ${refusal.message}${refusal.field ? ` (${refusal.field})` : ""}`);
    this.refusal = refusal;
    this.status = status;
  }
  get code(): Refusal["error"] {
    return this.refusal.error;
  }
}

/** No answer, or one that is not the server's: the network, a proxy, a restart. Trying again is right. */
export class Unreachable extends Error {}

/** This identity is over: revoked by a person, or its key is used twice. Talking on is pointless. */
export class Banned extends Error {
  readonly why: "revoked" | "cloned";
  constructor(why: "revoked" | "cloned", message: string) {
    super(message);
    this.why = why;
  }
}

/** True where the same request, sent again later, may succeed. */
export const mayPass = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Refused && ["unavailable", "no_session", "stale_signature", "replayed"].includes(error.code));
