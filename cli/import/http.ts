import pRetry, { AbortError } from "p-retry";
import { z } from "zod";
import { CliError } from "../errors.ts";

const TRIES = 6;
const TIMEOUT_MS = 120_000;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** The server's word on what was sent, not on who sent it. */
export const OF_THE_REQUEST = new Set([400, 413, 422]);
/** Whether trying again may help: not where the server understood and refused. */
export const mayPass = (error: unknown): boolean => !(error instanceof MlflowRefused) || PASSING.has(error.status);

/** An answer that is none of what was asked for. */
export class MlflowRefused extends CliError {
  readonly code: string;
  readonly status: number;

  constructor(what: string, status: number, code: string, message: string) {
    super(`${what} answered ${status}: ${message}`);
    this.code = code;
    this.status = status;
  }
}

export interface MlflowHttp {
  /** Answers of MLflow's REST API, below `api/2.0/mlflow/`. @throws MlflowRefused */
  get: (path: string, query?: Record<string, string | number | undefined>) => Promise<Json>;
  post: (path: string, body: Record<string, unknown>, method?: "POST" | "PATCH") => Promise<Json>;
  /** Any path below the server's address, with its bytes. */
  raw: (path: string, init?: RequestInit & { body?: unknown }, tries?: number) => Promise<Response>;
}
// oxlint-disable-next-line typescript/no-explicit-any -- answers of a server that is not ours; whoever reads one parses it with zod
export type Json = any;

/** @param name Of whom errors speak. @param headers Who asks. */
export function mlflowHttp(name: string, url: string, headers: Record<string, string>): MlflowHttp {
  const base = `${url.replace(/\/+$/, "")}/`;
  const raw = (path: string, init: RequestInit = {}, tries = TRIES) => pRetry(() => once(name, new URL(path, base), { ...init, headers: { ...headers, ...(init.headers as Record<string, string> | undefined) } }), { retries: tries - 1, minTimeout: 500, maxTimeout: 30_000, randomize: true });
  const json = async (path: string, init: RequestInit) => parseExactly(await (await raw(`api/2.0/mlflow/${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS * TRIES) })).text());
  return {
    raw,
    get: (path, query = {}) => {
      const given = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined && pair[1] !== "");
      return json(`${path}?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`, {});
    },
    post: (path, body, method = "POST") => json(path, { method, body: writeExactly(body), headers: { "content-type": "application/json" } }),
  };
}

async function once(name: string, url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init); // a network error is tried again
  if (response.ok) return response;
  const text = await response.text();
  const { error_code: code = "", message = text.slice(0, 300) || response.statusText } = tryParse(text) as { error_code?: string; message?: string };
  const refused = new MlflowRefused(name, response.status, code, message);
  if (!mayPass(refused)) throw new AbortError(refused);
  const seconds = Number(response.headers.get("retry-after"));
  if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, 60) * 1000));
  throw refused;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** JSON in which whole numbers beyond 2^53, such as steps may be, become bigints. */
export function parseExactly(text: string): Json {
  return JSON.parse(text, (_key, value: unknown, { source }: { source?: string } = {}) => (typeof value === "number" && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source) ? BigInt(source) : value));
}

/** The reverse. Node 20 knows neither: there such numbers are rounded to what a double holds. */
export function writeExactly(value: unknown): string {
  const { rawJSON = Number } = JSON as unknown as { rawJSON?: (text: string) => unknown };
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === "bigint" ? rawJSON(String(one)) : one));
}

/** A list page by page. @param field Where an answer has its items. @param read Asks for the page of a token. */
export async function* pagesOf<Item>(schema: z.ZodType<Item>, field: string, read: (token: string | undefined) => Promise<Json>): AsyncGenerator<Item[]> {
  let token: string | undefined;
  do {
    const answer = await read(token);
    yield z.array(schema).parse(answer[field] ?? []);
    token = answer.next_page_token || undefined;
  } while (token);
}

export async function* itemsOf<Item>(...list: Parameters<typeof pagesOf<Item>>): AsyncGenerator<Item> {
  for await (const page of pagesOf(...list)) yield* page;
}
