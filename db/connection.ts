import { readFileSync } from "node:fs";
import postgres, { type Options, type Sql } from "postgres";

type Ssl = NonNullable<Options<Record<string, never>>["ssl"]>;

/** Words of libpq's URLs that postgres.js would send to the server as settings, which it refuses. */
const LIBPQ_ONLY = ["channel_binding", "gssencmode", "krbsrvname", "sslcert", "sslkey", "sslcrl", "sslcompression", "sslpassword", "requirepeer"];

/**
 * A database URL as people paste it, with libpq's parameters. `sslmode`: disable, allow, prefer, require (encrypts, checks
 * nothing), verify-ca and verify-full (check the certificate); `sslrootcert` names the file of the authority.
 * @throws Error when the certificate file cannot be read.
 */
export function readTls(url: string): { href: string; ssl: Ssl | undefined } {
  const parsed = new URL(url);
  const mode = parsed.searchParams.get("sslmode") ?? undefined;
  const rootCertificate = parsed.searchParams.get("sslrootcert");
  for (const word of LIBPQ_ONLY) parsed.searchParams.delete(word);
  if (rootCertificate === "system" || !rootCertificate) return { href: parsed.href, ssl: undefined };
  parsed.searchParams.delete("sslrootcert");
  parsed.searchParams.delete("sslmode");
  const ca = readFileSync(rootCertificate, "utf8");
  // verify-ca checks the authority and not the name.
  const ssl: Ssl = mode === "verify-ca" ? { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined } : { ca, rejectUnauthorized: mode === "verify-full" };
  return { href: parsed.href, ssl };
}

/**
 * postgres.js asks for the array types behind each new connection, in a promise that nobody holds: a database that dies right then
 * and refuses the next try would end this process. The query that waits for the connection is told; nothing else is lost.
 */
const isLostTypesQuery = (reason: unknown): boolean => reason instanceof Error && String((reason as { query?: unknown }).query ?? "").includes("b.typarray");

function outliveLostTypesQuery(reason: unknown): void {
  if (isLostTypesQuery(reason) || process.listenerCount("unhandledRejection") > 1) return; // others decide on what is theirs
  throw reason;
}

/** Seconds before the next try to connect: postgres.js would let twenty pass, and a database that is back after a minute is wanted at once. */
const backoff = (tries: number): number => Math.min(2 ** tries / 100, 1) * (0.5 + Math.random() / 2);

/** The one way to a postgres.js client. */
export function openSql(url: string, options: Options<Record<string, never>> = {}): Sql {
  if (!process.listeners("unhandledRejection").includes(outliveLostTypesQuery)) process.on("unhandledRejection", outliveLostTypesQuery);
  const { href, ssl } = readTls(url);
  return postgres(href, { onnotice: () => {}, backoff, ...(ssl === undefined ? {} : { ssl }), ...options });
}
