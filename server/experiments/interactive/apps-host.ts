import { appLabel, runOfLabel } from "../../../domain/experiments/interactive.ts";
import { env } from "../../../env.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

let known: { base: URL | null } | undefined;

/** The name below which each run's app has an origin of its own; null where none was set up. Names below localhost are this machine to every browser. */
function appsBase(): URL | null {
  known ??= { base: readBase() }; // every request of the server asks
  return known.base;
}

function readBase(): URL | null {
  const { DROVER_APPS_URL, DROVER_URL } = env();
  if (DROVER_APPS_URL) return new URL(DROVER_APPS_URL);
  const own = new URL(DROVER_URL);
  return LOOPBACK.has(own.hostname) ? new URL(`http://localhost:${own.port}`) : null;
}

/** `https://run-0190….apps.example.com`; null where apps have no name here. */
export function appOrigin(runId: string): string | null {
  const base = appsBase();
  return base && `${base.protocol}//${appLabel(runId)}.${base.host}`;
}

/** The run whose app this host shows; null for every other host. */
export function runOfHost(host: string | undefined): string | null {
  const base = appsBase();
  const name = host?.split(":")[0]?.toLowerCase();
  const suffix = base && `.${base.hostname}`;
  return name && suffix && name.endsWith(suffix) ? runOfLabel(name.slice(0, -suffix.length)) : null;
}
