/** Every failure a caller can act on, and what to do. server/trpc/errors.ts and the HTTP edge map from this table. */
export const ERROR_ADVICE = {
  unauthenticated: "Sign in and try again.",
  forbidden: "Ask an organization admin for this permission.",
  not_found: "It does not exist, or you may not see it.", // one answer for both: existence never leaks
  conflict: "It changed since you loaded it. Reload and try again.",
  invalid: "Correct the named value.",
  limit_reached: "Release some quota or raise the limit.",
  too_large: "Send less at once, or raise the limit.",
  unavailable: "A dependency is down. Trying again is safe.",
} as const;

export type ErrorCode = keyof typeof ERROR_ADVICE;

/** HTTP status of each code, for routes outside tRPC. */
export const HTTP_STATUS: Record<ErrorCode, number> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  invalid: 422,
  limit_reached: 429,
  too_large: 413,
  unavailable: 503,
};

/** A field that was refused: where (`resources.gpus`, or a YAML line) and the cure. */
export interface FieldIssue {
  field: string;
  message: string;
  line?: number;
}

export class DomainError extends Error {
  readonly code: ErrorCode;
  /** Named fields, shown beside them in forms and by line in the CLI. */
  readonly issues: FieldIssue[];
  /** Only ever reaches the log. */
  readonly context: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: { issues?: FieldIssue[]; context?: Record<string, unknown> } = {}) {
    super(message); // reaches the user
    this.name = "DomainError";
    this.code = code;
    this.issues = options.issues ?? [];
    this.context = options.context ?? {};
  }
}

/** The one answer for what is missing and for what belongs to another tenant, byte for byte. */
export function notFound(): DomainError {
  return new DomainError("not_found", ERROR_ADVICE.not_found);
}
