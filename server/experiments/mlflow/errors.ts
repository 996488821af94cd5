import { ZodError } from "zod";
import { FilterError } from "../../../domain/experiments/filter/ast.ts";
import { isUntaken, UNTAKEN_WORDS } from "../../../db/refused.ts";
import { DomainError, type ErrorCode } from "../../../domain/shared/errors.ts";
import { log } from "../../log.ts";
import { JSON_NOT_KEPT } from "../../not-kept.ts";
import { outageOf } from "../../outage.ts";

/** MLflow's words for what went wrong, with the statuses its clients expect. They retry 408, 429 and 5xx, so bad input is never one of those. */
const STATUS = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  BAD_REQUEST: 400,
  INVALID_STATE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_TOO_LARGE: 413,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;
export type MlflowErrorCode = keyof typeof STATUS;

const FROM_DOMAIN: Record<ErrorCode, MlflowErrorCode> = {
  unauthenticated: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  not_found: "RESOURCE_DOES_NOT_EXIST",
  conflict: "RESOURCE_CONFLICT",
  invalid: "INVALID_PARAMETER_VALUE",
  limit_reached: "REQUEST_LIMIT_EXCEEDED",
  too_large: "REQUEST_TOO_LARGE",
  unavailable: "TEMPORARILY_UNAVAILABLE",
};

/** A refusal in MLflow's own words. */
export class MlflowError extends Error {
  readonly errorCode: MlflowErrorCode;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | null;

  constructor(errorCode: MlflowErrorCode, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = "MlflowError";
    this.errorCode = errorCode;
    this.retryAfter = retryAfter;
  }
}

export const refuse = (message: string): never => {
  throw new MlflowError("INVALID_PARAMETER_VALUE", message);
};

/** Missing and another tenant's look the same: the answer repeats only what was asked. */
export const missing = (what: string, id: string): MlflowError => new MlflowError("RESOURCE_DOES_NOT_EXIST", `${what} with id=${id} not found`);

/** The answer to a failed request. What nobody foresaw is logged and its words hidden. */
export function toResponse(error: unknown, path: string): Response {
  const { code, message, retryAfter } = describe(outageOf(error) ?? error, path);
  const headers = { ...JSON_NOT_KEPT, ...(retryAfter === null ? {} : { "retry-after": String(retryAfter) }) };
  return new Response(JSON.stringify({ error_code: code, message }), { status: STATUS[code], headers });
}

function describe(error: unknown, path: string): { code: MlflowErrorCode; message: string; retryAfter: number | null } {
  if (error instanceof MlflowError) return { code: error.errorCode, message: error.message, retryAfter: error.retryAfter };
  if (error instanceof DomainError) return { code: FROM_DOMAIN[error.code], message: error.message, retryAfter: null };
  if (error instanceof FilterError) return { code: "INVALID_PARAMETER_VALUE", message: `${error.message} (at character ${error.at.from + 1} of the filter)`, retryAfter: null };
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    return { code: "INVALID_PARAMETER_VALUE", message: issue ? `Invalid value for parameter '${issue.path.join(".") || "request"}': ${issue.message}` : "Bad request.", retryAfter: null };
  }
  if (isUntaken(error)) {
    // Clients try a 500 again for minutes, and it would be no better the next time.
    log().warn({ err: error, path }, "a value that the database does not take, in an MLflow route");
    return { code: "INVALID_PARAMETER_VALUE", message: UNTAKEN_WORDS, retryAfter: null };
  }
  log().error({ err: error, path }, "unexpected error in an MLflow route");
  return { code: "INTERNAL_ERROR", message: "The server failed on this request; nothing was changed.", retryAfter: null };
}
