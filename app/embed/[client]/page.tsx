import type { Metadata } from "next";
import { connection } from "next/server";
import { EMBED_TOKENS } from "../../../domain/costs/embed-theme.ts";
import { EmbedFrame } from "../../../components/costs/embeds/embed-frame.tsx";

export const metadata: Metadata = { title: "Report", robots: { index: false } };

/** What other sites put into a frame. It knows nothing until the page around it gives it a token. */
export default async function Embed({ params, searchParams }: { params: Promise<{ client: string }>; searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  await connection(); // made for each request: its scripts carry the nonce of its own answer
  const [{ client }, asked] = await Promise.all([params, searchParams]);
  const one = (name: string) => (typeof asked[name] === "string" ? asked[name] : null);
  const looks = Object.fromEntries(EMBED_TOKENS.map((token) => [token, one(token)]));
  return <EmbedFrame client={client} report={one("report")} scheme={one("theme")} looks={looks} locale={one("locale")} currency={one("currency")} />;
}
