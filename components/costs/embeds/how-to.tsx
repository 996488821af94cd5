import { Code } from "@mantine/core";
import type { EmbedClientView, EmbedsView } from "../../../domain/costs/embed-view.ts";
import { Id } from "../../ui/id.tsx";
import classes from "../costs.module.css";

/** What the people of the other site put where. */
export function HowTo({ client, view }: { client: EmbedClientView; view: EmbedsView }) {
  const origin = new URL(view.audience).origin;
  const report = client.reportIds[0] ?? "erp_…";
  const page = `<script type="module" src="${origin}/drover-report.js"></script>\n<drover-report src="${origin}" client="${client.id}" report="${report}" token-url="/drover-token"></drover-report>`;
  const claims = JSON.stringify({ iss: client.id, aud: view.audience, sub: "<who looks>", jti: "<random>", iat: "<now>", exp: "<now + 120>", rep: [report], ...(client.mustFilter ? { flt: { project: ["<slug>"] } } : {}), ori: client.origins[0] }, null, 1);
  return (
    <div className={classes.form}>
      <div>In the page:</div>
      <Code block>{page}</Code>
      <div>On the page&apos;s own server, at <code>/drover-token</code>: check who asks, then answer with a JWT, <code>{`{"alg":"EdDSA","typ":"embed+jwt"}`}</code>, signed with the private key:</div>
      <Code block>{claims}</Code>
      <div>Times are Unix seconds. A token works once, at most 15 minutes; the page asks for the next by itself. A runnable site is in <code>examples/embed-host</code>. Client <Id value={client.id} /></div>
    </div>
  );
}
