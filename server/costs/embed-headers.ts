import { clients } from "../../db/client.ts";
import { EmbedClientId } from "../../domain/shared/ids.ts";
import { originsOf } from "./queries/embeds.ts";

/** The inline script of Mantine's ColorSchemeScript in the root layout; the frame's test fails when it changes. */
const COLOUR_SCHEME = "'sha256-oDE20jM+cYCL8tv5Y2IhjssvBsyRPtIfclqLaRnQhog='";

/** Which sites may put this frame on a page. Nobody, for a client that is not there or disabled. */
export async function originsOfFrame(url: string): Promise<string[]> {
  const id = EmbedClientId.safeParse(new URL(url, "http://frame.invalid").pathname.split("/")[2]);
  return id.success ? originsOf(clients().db, id.data) : [];
}

/** Only its own scripts and only to its own server; framed only by the client's sites; no address of it goes on. */
export function frameHeaders(origins: readonly string[], nonce: string) {
  const ancestors = origins.length > 0 ? origins.join(" ") : "'none'";
  return {
    "content-security-policy": `default-src 'none'; script-src 'self' 'nonce-${nonce}' ${COLOUR_SCHEME}; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
  } as const;
}
