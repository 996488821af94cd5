import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { clients } from "../../db/client.ts";
import { EmbedReportId } from "../../domain/shared/ids.ts";
import { ExchangeToken } from "../../domain/costs/embed-inputs.ts";
import { open } from "../access/guard.ts";
import { addressOf } from "../client-address.ts";
import { leakyBucket } from "../leaky-bucket.ts";
import { log } from "../log.ts";
import { sendTableFile } from "../table-file.ts";
import { noteExport } from "./commands/embed-export.ts";
import { embedAudience } from "./embed-audience.ts";
import { proofOf } from "./embed-proof.ts";
import { EmbedRefused, exchangeToken, spendProof } from "./commands/embed-sessions.ts";
import { asEmbed, type EmbedLook, findLook, readEmbedded } from "./queries/embeds.ts";
import { COST_COLUMNS, type CostRow, costRows } from "./queries/export.ts";

const BODY = 16 * 1024;
/** Tokens that somebody swaps in a client's name, which anybody may write: by the place that they come from, so that a stranger uses up nobody's. */
const perClaim = leakyBucket(50, 2);
/** The looks of all of a client's sessions together. */
const perClient = leakyBucket(50, 2);
const perSession = leakyBucket(5, 4);
/** Columns of a file that leaves the house: nobody's name. */
const PRIVATE = new Set(["person", "experiment"]);
const OUTSIDE_COLUMNS = COST_COLUMNS.filter(({ name }) => !PRIVATE.has(name));

/** What frames on other sites ask: no cookie counts here, only what they hold in memory. */
export function mountEmbedRoutes(app: Hono): void {
  app.post("/api/embed/session", open("a token signed by an embed client is checked"), bodyLimit({ maxSize: BODY, onError: (c) => refuse(c, "the body is too large") }), exchange);
  app.get("/api/embed/report", open("an embed session is checked"), report);
  app.get("/api/embed/export", open("an embed session is checked"), exported);
}

/** One answer for all that is refused: it tells nobody what exists. */
function refuse(c: Context, why: string, code: "refused" | "expired" = "refused"): Response {
  log().warn({ path: c.req.path, why }, "an embed was refused");
  return c.json({ error: code }, 401, { "cache-control": "no-store" });
}
const wait = (c: Context, seconds: number): Response => c.json({ error: "slow_down" }, 429, { "retry-after": String(seconds), "cache-control": "no-store" });

async function exchange(c: Context): Promise<Response> {
  const asked = ExchangeToken.safeParse(await c.req.json().catch(() => null));
  if (!asked.success) return refuse(c, "the request is not as it must be");
  const seconds = perClaim(`${asked.data.client} ${addressOf(c)}`);
  if (seconds > 0) return wait(c, seconds);
  const proof = await proofOf(c.req.header("dpop"), { method: "POST", target: targetOf(c), secret: asked.data.token }, null);
  if (!proof) return refuse(c, "the frame does not prove that it holds a key");
  try {
    return c.json(await exchangeToken(clients().db, asked.data, embedAudience(), proof.thumbprint), 200, { "cache-control": "no-store" });
  } catch (error) {
    if (error instanceof EmbedRefused) return refuse(c, error.message, error.isExpired ? "expired" : "refused");
    throw error;
  }
}

/** Without the origin: a server may be reached by several names, and the secret is of one installation anyway. */
function targetOf(c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  return pathname + search;
}

/** The session's look at the report that is asked for; or the answer that refuses it. */
async function lookOf(c: Context): Promise<EmbedLook | Response> {
  const session = /^DPoP ([\w-]{43})$/.exec(c.req.header("authorization") ?? "")?.[1];
  const id = EmbedReportId.safeParse(c.req.query("id"));
  if (!session || !id.success) return refuse(c, "no session, or no report");
  const seconds = perSession(session);
  if (seconds > 0) return wait(c, seconds);
  const now = Date.now();
  const proof = await proofOf(c.req.header("dpop"), { method: "GET", target: targetOf(c), secret: session }, now);
  if (!proof) return refuse(c, "the session comes without a proof for this request");
  const { db } = clients();
  const look = await findLook(db, { session, thumbprint: proof.thumbprint }, id.data, now);
  if (!look) return refuse(c, "the session may not see the report any more, or is bound to another key");
  const ofAll = perClient(look.clientId);
  if (ofAll > 0) return wait(c, ofAll);
  return (await spendProof(db, look, session, proof.jti)) ? look : refuse(c, "the proof was used already");
}

async function report(c: Context): Promise<Response> {
  const look = await lookOf(c);
  if (look instanceof Response) return look;
  return c.json(await readEmbedded(clients().db, look, c.req.query("currency") ?? null), 200, { "cache-control": "private, no-store" });
}

async function exported(c: Context): Promise<Response> {
  const look = await lookOf(c);
  if (look instanceof Response) return look;
  if (!look.capabilities.includes("csv")) return refuse(c, "the session may not download");
  const { db } = clients();
  await noteExport(db, look);
  const { id: _id, title: _title, by: _by, ...ask } = look.report;
  // All of it inside the transaction that may see no more; a year of days is a few thousand rows.
  const rows = await asEmbed(db, look, async (reader) => {
    const all: CostRow[] = [];
    for await (const page of costRows(reader, ask, { isOutside: true })) all.push(...page);
    return all;
  });
  return sendTableFile(c, { name: `costs-${ask.from}-${ask.to}`, format: "csv", columns: OUTSIDE_COLUMNS, pages: onePage(rows) });
}

async function* onePage<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
