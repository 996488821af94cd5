import { TRPCClientError } from "@trpc/client";
import { CommanderError } from "commander";
import { ERROR_ADVICE, type ErrorCode, type FieldIssue } from "../domain/shared/errors.ts";

/** What the shell gets. Documented in docs/cli.md and in `drover --help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, signedOut: 3, notFound: 4, unreachable: 5, interrupted: 130 } as const;

/** Said as it is, without a stack. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly issues: FieldIssue[];
  readonly advice: string | null;

  constructor(message: string, options: { exitCode?: number; issues?: FieldIssue[]; advice?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "CliError";
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.issues = options.issues ?? [];
    this.advice = options.advice ?? null;
  }

  /** The same, of one among several. */
  of(name: string): CliError {
    return new CliError(`${name}: ${this.message}`, { exitCode: this.exitCode, issues: this.issues, ...(this.advice ? { advice: this.advice } : {}), cause: this.cause });
  }
}

export const usage = (message: string, advice?: string) => new CliError(message, { exitCode: EXIT.usage, ...(advice ? { advice } : {}) });

const EXIT_OF: Partial<Record<ErrorCode, number>> = { unauthenticated: EXIT.signedOut, not_found: EXIT.notFound, unavailable: EXIT.unreachable };
const SIGN_IN = "Sign in with `drover login URL`, or set DROVER_URL and DROVER_TOKEN.";

interface ErrorData {
  domainCode?: ErrorCode | null;
  issues?: FieldIssue[];
  requestId?: string | null;
}

/** The server's refusal, by its code. */
export function refusal(code: ErrorCode | null, message: string, issues: FieldIssue[], requestId: string | null): CliError {
  const advice = code === "unauthenticated" ? SIGN_IN : code === null && requestId ? `Request id: ${requestId}` : issues.length > 0 || code === "not_found" || code === "forbidden" || !code ? undefined : ERROR_ADVICE[code];
  return new CliError(message, { exitCode: (code && EXIT_OF[code]) || EXIT.failed, issues, ...(advice ? { advice } : {}) });
}

/** Anything that was thrown, as something to say. @param url The server that was spoken to. */
export function toCliError(error: unknown, url: string | null): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return new CliError(error.message.replace(/^error: /, ""), { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage });
  if (error instanceof TRPCClientError) {
    const data = error.data as ErrorData | null | undefined;
    if (data) return refusal(data.domainCode ?? null, error.message, data.issues ?? [], data.requestId ?? null);
    if (isNetwork(error.cause)) return unreachable(url, error.cause);
    return new CliError(`${url ?? "The server"} did not answer like a Drover server: ${error.message}`, { exitCode: EXIT.unreachable, advice: "Is the address right?" });
  }
  if (isNetwork(error)) return unreachable(url, error);
  return new CliError(error instanceof Error ? error.message : String(error));
}

/** Nobody answered: worth trying again where one waits for something. */
export const isUnreachable = (error: unknown): boolean => toCliError(error, null).exitCode === EXIT.unreachable;

/** The server answered that it failed, as it does while its database restarts. */
export const isServerFault = (error: unknown): boolean => error instanceof TRPCClientError && (error.data as { code?: string } | null | undefined)?.code === "INTERNAL_SERVER_ERROR";

const isNetwork = (error: unknown): boolean => error instanceof Error && (error.message === "fetch failed" || error.message === "terminated" || error.name === "TimeoutError" || /ECONN|ENOTFOUND|EAI_AGAIN|UND_ERR/.test(String((error as { code?: string }).code)));

function unreachable(url: string | null, error: unknown): CliError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return new CliError(`${url ?? "The server"} cannot be reached${cause?.code ? ` (${cause.code})` : cause?.message ? ` (${cause.message})` : ""}.`, { exitCode: EXIT.unreachable, advice: "Is it running, and is the address right? DROVER_URL or `drover login URL` set it.", cause: error });
}
