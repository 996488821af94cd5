import { TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { DefaultErrorShape } from "@trpc/server/unstable-core-do-not-import";
import { ZodError } from "zod";
import { isUntaken, UNTAKEN_WORDS } from "../../db/refused.ts";
import { DomainError, type ErrorCode, type FieldIssue } from "../../domain/shared/errors.ts";
import { log } from "../log.ts";
import { outageOf } from "../outage.ts";

const TRPC_CODE: Record<ErrorCode, TRPC_ERROR_CODE_KEY> = {
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  not_found: "NOT_FOUND",
  conflict: "CONFLICT",
  invalid: "UNPROCESSABLE_CONTENT",
  limit_reached: "TOO_MANY_REQUESTS",
  too_large: "PAYLOAD_TOO_LARGE",
  unavailable: "SERVICE_UNAVAILABLE",
};

/** DomainErrors keep their words; what only the database could tell to be none of its values is the caller's to correct; anything else is logged and its text hidden. */
export function toTrpcError(error: unknown): TRPCError {
  const inner = error instanceof TRPCError ? error.cause : error;
  const cause = outageOf(inner) ?? inner;
  if (cause instanceof DomainError) return new TRPCError({ code: TRPC_CODE[cause.code], message: cause.message, cause });
  if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR") return error;
  if (isUntaken(cause ?? error)) {
    log().warn({ err: cause ?? error }, "a value that the database does not take, in a procedure");
    return new TRPCError({ code: TRPC_CODE.invalid, message: UNTAKEN_WORDS, cause: new DomainError("invalid", UNTAKEN_WORDS) });
  }
  log().error({ err: cause ?? error }, "unexpected error in a procedure");
  return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "The server failed on this request; nothing was changed. Quote the request id.", cause });
}

export interface ErrorData {
  code: string;
  domainCode: ErrorCode | null;
  issues: FieldIssue[];
  requestId: string | null;
  /** tRPC takes the answer's status from here: by its number alone, "unavailable" is a 500 to it. */
  httpStatus: number;
}

export function fieldIssues(error: ZodError): FieldIssue[] {
  return error.issues.map((issue) => ({ field: issue.path.join("."), message: issue.message }));
}

/** What a browser or the CLI gets: code, named fields, request id; never a stack. */
export function formatError({ shape, error, ctx }: { shape: DefaultErrorShape; error: TRPCError; ctx: { requestId: string } | undefined }) {
  const { cause } = error;
  const issues = cause instanceof DomainError ? cause.issues : cause instanceof ZodError ? fieldIssues(cause) : [];
  const message = cause instanceof ZodError ? (issues[0] ? `${issues[0].field || "input"}: ${issues[0].message}` : "Bad input.") : shape.message;
  const data: ErrorData = { code: shape.data.code, domainCode: cause instanceof DomainError ? cause.code : null, issues, requestId: ctx?.requestId ?? null, httpStatus: shape.data.httpStatus };
  return { message, code: shape.code, data };
}
