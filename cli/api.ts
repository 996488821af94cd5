import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { inferRouterOutputs } from "@trpc/server";
import superjson from "superjson";
import type { AppRouter } from "../server/trpc/root.ts";
import { type Config, getConfig } from "./config.ts";
import { CliError, refusal } from "./errors.ts";
import { printFilter } from "../domain/experiments/filter/print.ts";
import type { ErrorCode, FieldIssue } from "../domain/shared/errors.ts";

export type Outputs = inferRouterOutputs<AppRouter>;
const TIMEOUT_MS = 60_000;

/** @param headers Who asks: a token, or for `login` a session's cookie and the organization. */
export function clientFor(url: string, headers: Record<string, string>) {
  return createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: new URL("/api/trpc", url).href,
        transformer: superjson,
        methodOverride: "POST", // a spec to plan does not fit into a URL
        headers,
        fetch: (target, init) => fetch(target, { ...(init as RequestInit), signal: AbortSignal.timeout(TIMEOUT_MS) }),
      }),
    ],
  });
}

export type Client = ReturnType<typeof clientFor>;

export interface Api {
  config: Config;
  trpc: Client;
  /** Raw bytes, with the token. @throws CliError for a refusal. */
  raw: (path: string, init?: RequestInit) => Promise<Response>;
}

/** @throws CliError (not signed in) */
export function connectApi(): Api {
  const config = getConfig();
  const authorization = `Bearer ${config.token}`;
  return {
    config,
    trpc: clientFor(config.url, { authorization }),
    raw: async (path, init = {}) => refuseBad(await fetch(new URL(path, config.url), { ...init, headers: { ...(init.headers as Record<string, string> | undefined), authorization } })),
  };
}

export async function refuseBad(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body = (await response.json().catch(() => null)) as { error?: ErrorCode | "internal"; message?: string; issues?: FieldIssue[] } | null;
  if (!body?.message) throw new CliError(`The server answered ${response.status} ${response.statusText}.`);
  throw refusal(body.error === "internal" || !body.error ? null : body.error, body.message, body.issues ?? [], null);
}

/** A run by its id, or the newest one of that name. @throws CliError (not found) */
export async function findRun(api: Api, idOrName: string): Promise<string> {
  if (/^run_[0-9a-f-]{36}$/.test(idOrName)) return idOrName;
  const filter = printFilter({ kind: "compare", entity: "attributes", key: "run_name", op: "=", value: idOrName });
  const { items } = await api.trpc.table.search.query({ filter, limit: 1 });
  const found = items[0];
  if (!found) throw refusal("not_found", `There is no run ${idOrName} that you may see.`, [], null);
  return found.id;
}
