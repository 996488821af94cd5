import { DomainError } from "../../domain/shared/errors.ts";
import { env } from "../../env.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** A socket writes, whatever the method that asks for it; no other rule of browsers keeps foreign pages from opening one. */
const isRead = ({ method, headers }: { method: string; headers: Headers }): boolean => READS.has(method) && headers.get("upgrade")?.toLowerCase() !== "websocket";

const isToken = (authorization: string | null): boolean => authorization !== null && /^Bearer\s/i.test(authorization);

/**
 * Refuses a write, or a socket, that a foreign page makes with somebody's cookie. Tokens are exempt: a browser never adds them
 * by itself, as it does with the user and password of a proxy in front. The page's own host counts too, so the console works
 * under 127.0.0.1 as well as under its configured name; a foreign page cannot choose the Host header, and after DNS rebinding
 * the browser has no cookie for that name.
 */
export function refuseForeignOrigin(request: { method: string; headers: Headers }): void {
  if (isRead(request) || isToken(request.headers.get("authorization"))) return;
  const origin = request.headers.get("origin");
  if (!origin) {
    // Browsers name the origin of every cross-site write; without one this is a program, which has no cookie unless it was given one.
    const site = request.headers.get("sec-fetch-site");
    if (!site || site === "same-origin" || site === "none") return;
  } else if (isOwnOrigin(origin, request.headers.get("host"))) return;
  throw new DomainError("forbidden", "This request comes from another site, so it was refused.", { context: { origin } });
}

export function isOwnOrigin(origin: string, host: string | null): boolean {
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  return from.origin === new URL(env().DROVER_URL).origin || (host !== null && from.host === host);
}
