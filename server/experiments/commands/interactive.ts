import { and, eq, gt, lt, sql } from "drizzle-orm";
import type { Db, Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { attempts, runEvents } from "../../../db/schema/experiments.ts";
import { appSessions } from "../../../db/schema/interactive.ts";
import { hasApp, INTERACTIVE_PRESETS } from "../../../domain/experiments/interactive.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { randomSecret, sha256 } from "../../access/secrets.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getPlace, type Place } from "../queries/interactive.ts";

const TICKET_SECONDS = 60;
const SESSION_SECONDS = 12 * 3600;
/** Use is written down this often at most. */
const NOTE_MS = 15_000;

/** A service account has nobody in front of it. @throws DomainError "forbidden" */
export function refuseMachines(ctx: Pick<Ctx, "actor">): void {
  if (ctx.actor.type !== "user") throw new DomainError("forbidden", "Shells and apps are for people: a service account cannot open them.");
}

/** Who entered, in the audit log and in the run's own timeline, so that its owner sees it too. */
async function recordEntry(ctx: Ctx, place: Place, action: "run.shell" | "run.app", also: (tx: Tx) => Promise<unknown> = async () => {}): Promise<void> {
  const { orgId, runId, runName, attemptId, projectId } = place;
  await ctx.db.transaction(async (tx) => {
    await also(tx);
    const what = action === "run.shell" ? "a shell" : place.app ? INTERACTIVE_PRESETS[place.app].label : "the app";
    await tx.insert(runEvents).values({ id: newId("runEvent"), orgId, runId, attemptId, kind: action, actor: ctx.actor.name, message: `${ctx.actor.name} opened ${what}.` });
    await audit(tx, ctx, { action, target: { type: "run", id: runId, name: runName }, projectId });
  });
  bus().publish({ orgId, topic: "run", id: runId });
}

export const recordShell = (ctx: Ctx, place: Place): Promise<void> => recordEntry(ctx, place, "run.shell");

/**
 * A ticket for the app of a run: good once, for a minute, in the browser of whoever is signed in.
 * @throws DomainError "conflict" where the run has none; "forbidden" for API tokens, since the app lives as long as a login.
 */
export async function createAppTicket(ctx: Ctx, runId: string): Promise<string> {
  refuseMachines(ctx);
  const { sessionId } = ctx.caller;
  if (!sessionId) throw new DomainError("forbidden", "An app is opened from the console, where you are signed in; a token cannot open it.");
  const place = await getPlace(ctx, runId);
  if (!place.app || !hasApp(place.app)) throw new DomainError("conflict", "This run has no app to open: its spec has no interactive.app but shell.");
  const ticket = randomSecret();
  await recordEntry(ctx, place, "run.app", async (tx) => {
    await tx.delete(appSessions).where(lt(appSessions.expiresAt, sql`now()`));
    await tx.insert(appSessions).values({
      orgId: ctx.orgId, runId, userId: ctx.actor.id, loginId: sessionId, ticketHash: sha256(ticket),
      ticketUntil: sql`now() + make_interval(secs => ${TICKET_SECONDS})` as unknown as Date,
      expiresAt: sql`now() + make_interval(secs => ${SESSION_SECONDS})` as unknown as Date,
    });
  });
  return ticket;
}

/** The cookie's value for a ticket that nobody used yet; null for any other. */
export async function redeemAppTicket(db: Db, runId: string, ticket: string): Promise<string | null> {
  const token = randomSecret();
  const [taken] = await db
    .update(appSessions)
    .set({ ticketHash: null, tokenHash: sha256(token) })
    .where(and(eq(appSessions.ticketHash, sha256(ticket)), eq(appSessions.runId, runId), gt(appSessions.ticketUntil, sql`now()`)))
    .returning({ id: appSessions.id });
  return taken ? token : null;
}

const noted = new Map<string, number>();

/** Somebody uses it right now: its idle time begins anew. Never fails what it is told about. */
export function noteActive(db: Db, { attemptId, orgId, runId }: Pick<Place, "attemptId" | "orgId" | "runId">): void {
  const now = performance.now();
  if (now - (noted.get(attemptId) ?? Number.NEGATIVE_INFINITY) < NOTE_MS) return;
  if (noted.size > 10_000) noted.clear();
  noted.set(attemptId, now);
  void db.update(attempts).set({ activeAt: sql`now()` as unknown as Date }).where(eq(attempts.id, attemptId)).then(() => bus().publish({ orgId, topic: "run", id: runId }), () => noted.delete(attemptId));
}
