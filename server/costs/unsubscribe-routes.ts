import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { clients } from "../../db/client.ts";
import { open } from "../access/guard.ts";
import { unsubscribe } from "./commands/unsubscribe.ts";
import { findSubscription } from "./queries/schedules.ts";
import { escaped } from "./report-mail.ts";
import { openUnsubscribeLink, UNSUBSCRIBE_PATH } from "./unsubscribe.ts";

const BODY = 4 * 1024;
/** What RFC 8058 has mail programs post, and our own page. */
const ONE_CLICK = ["List-Unsubscribe", "One-Click"] as const;
const HEADERS = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-robots-tag": "noindex", "cache-control": "private, no-store",
} as const;

/** The way out of report mails, for people with or without an account. Only a POST ends anything: scanners of mail follow every link. */
export function mountUnsubscribeRoutes(app: Hono): void {
  app.get(UNSUBSCRIBE_PATH, open("a link that this server sealed is opened"), ask);
  app.post(UNSUBSCRIBE_PATH, open("a link that this server sealed is opened"), bodyLimit({ maxSize: BODY, onError: (c) => page(c, 413, "Too much was sent", []) }), end);
}

async function ask(c: Context): Promise<Response> {
  const of = openUnsubscribeLink(c.req.query("of"));
  if (!of) return invalid(c);
  const found = await findSubscription(clients().db, of);
  if (!found) return over(c, of.recipient);
  return page(c, 200, "Stop these mails?", [`${of.recipient} gets “${found.report}” of ${found.organization}.`], true);
}

async function end(c: Context): Promise<Response> {
  const of = openUnsubscribeLink(c.req.query("of"));
  if (!of) return invalid(c);
  const [name, value] = ONE_CLICK;
  if ((await c.req.parseBody())[name] !== value) return page(c, 422, "Nothing was changed", ["Use the button of the page that the link in the mail leads to."]);
  await unsubscribe(clients().db, of);
  return over(c, of.recipient);
}

const invalid = (c: Context) => page(c, 404, "This link leads nowhere", ["It was cut off or changed on its way. Use the one in the newest mail."]);
const over = (c: Context, recipient: string) => page(c, 200, "Done", [`${recipient} gets no more of these mails. Whoever looks after costs in Drover can add it again.`]);

function page(c: Context, status: 200 | 404 | 413 | 422, title: string, lines: readonly string[], button = false): Response {
  const [name, value] = ONE_CLICK;
  const form = `<form method="post"><input type="hidden" name="${name}" value="${value}"><button style="font:inherit;padding:8px 16px;border:0;border-radius:6px;color:#fff;background:#7a2e7f;cursor:pointer">Stop these mails</button></form>`;
  return c.html(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light"><title>${title} · Drover</title></head>
<body style="margin:0;padding:48px 24px;font:15px/1.5 system-ui,sans-serif;color:#1d1b22;background:#fff"><main style="max-width:480px;margin:0 auto"><h1 style="margin:0 0 12px;font-size:20px">${title}</h1>${lines.map((line) => `<p style="overflow-wrap:anywhere">${escaped(line)}</p>`).join("")}${button ? form : ""}</main></body></html>`, status, HEADERS);
}
