import { createPublicKey, randomBytes } from "node:crypto";
import { eq, inArray, lt, sql } from "drizzle-orm";
import { jwtVerify, type JWTVerifyGetKey } from "jose";
import type { Db } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { embedClients, embedProofs, embedReports, embedSessions, embedTokens } from "../../../db/schema/embeds.ts";
import { CLOCK_SECONDS, type EmbedScope, isKeyAddress, MAX_TOKEN_SECONDS, SESSION_SECONDS, scopeWithin } from "../../../domain/costs/embed.ts";
import { EmbedClaims, type EmbedExchange } from "../../../domain/costs/embed-inputs.ts";
import type { EmbedSessionView } from "../../../domain/costs/embed-view.ts";
import { remoteKeys } from "../jwks.ts";
import { sha256 } from "../../access/secrets.ts";
import { log } from "../../log.ts";

type Client = typeof embedClients.$inferSelect;

/** Everybody who is refused hears the same; the log of the server says why. */
export class EmbedRefused extends Error {
  /** Only of a token that is the client's own: its host may know that it must sign another. */
  readonly isExpired: boolean;
  constructor(why: string, isExpired = false) {
    super(why);
    this.isExpired = isExpired;
  }
}

/**
 * Swaps a signed token for a short session: each token once, never beyond what the client may.
 * @param thumbprint Of the key that the frame proved to hold: the session is of no use without it.
 * @param audience What `aud` must be: this installation, so that a token for another is of no use here.
 * @throws EmbedRefused
 */
export async function exchangeToken(db: Db, { client: clientId, token, origin }: EmbedExchange, audience: string, thumbprint: string): Promise<EmbedSessionView> {
  const [client] = await db.select().from(embedClients).where(eq(embedClients.id, clientId));
  if (!client || client.disabledAt) throw new EmbedRefused(client ? "the client is disabled" : "there is no such client");
  const claims = await claimsOf(client, token, audience);
  if (claims.ori !== origin) throw new EmbedRefused("the token is for another origin");
  const named = claims.flt?.project ?? [];
  const known = named.length > 0 ? await db.select({ id: projects.id, slug: projects.slug }).from(projects).where(sql`${projects.orgId} = ${client.orgId} and ${inArray(projects.slug, named)}`) : [];
  const ids = new Map(known.map(({ slug, id }) => [slug, id]));
  const scope = scopeWithin(client, { reports: claims.rep, projects: claims.flt?.project, capabilities: claims.cap ?? [], origin }, (slug) => ids.get(slug));
  if (!scope) throw new EmbedRefused("the token asks for more than its client may");
  return open(db, client, claims, scope, thumbprint);
}

const keyOf = ({ publicKey }: Client): JWTVerifyGetKey => (isKeyAddress(publicKey) ? remoteKeys(publicKey) : () => createPublicKey(publicKey));

/** The algorithm, the type and the key are the client's, whatever the token's own header says. */
async function claimsOf(client: Client, token: string, audience: string): Promise<EmbedClaims> {
  const verified = await jwtVerify(token, keyOf(client), { algorithms: ["EdDSA"], typ: "embed+jwt", issuer: client.id, audience, clockTolerance: CLOCK_SECONDS, requiredClaims: ["exp", "iat", "jti", "sub"] }).catch((error: { code?: string; message: string }) => {
    throw new EmbedRefused(error.message, error.code === "ERR_JWT_EXPIRED");
  });
  const claims = EmbedClaims.safeParse(verified.payload);
  if (!claims.success) throw new EmbedRefused(`its claims are not as they must be: ${claims.error.issues[0]!.path.join(".")} ${claims.error.issues[0]!.message}`);
  const { iat, exp } = claims.data;
  if (exp - iat > MAX_TOKEN_SECONDS) throw new EmbedRefused(`it is good for longer than ${MAX_TOKEN_SECONDS} seconds`);
  if (iat * 1000 > Date.now() + CLOCK_SECONDS * 1000) throw new EmbedRefused("it was signed in the future");
  if (client.notBefore && iat * 1000 < client.notBefore.getTime()) throw new EmbedRefused("it was signed before everything was revoked");
  return claims.data;
}

async function open(db: Db, client: Client, claims: EmbedClaims, scope: EmbedScope, thumbprint: string): Promise<EmbedSessionView> {
  const session = randomBytes(32).toString("base64url");
  const expiresAt = new Date((claims.exp + CLOCK_SECONDS) * 1000);
  const once = await db.insert(embedTokens).values({ clientId: client.id, jti: claims.jti, expiresAt }).onConflictDoNothing().returning();
  if (once.length === 0) throw new EmbedRefused("it was used already"); // a crash after this burns a token; its host signs another
  await db.insert(embedSessions).values({ hash: sha256(session), clientId: client.id, orgId: client.orgId, viewer: claims.sub, keyThumbprint: thumbprint, ...scope, issuedAt: new Date(claims.iat * 1000), expiresAt: sql`now() + make_interval(secs => ${SESSION_SECONDS})` as unknown as Date });
  const ahead = Math.max(0, Math.ceil(claims.iat - Date.now() / 1000));
  await db.update(embedClients).set({ lastUsedAt: sql`now()` as unknown as Date, aheadSeconds: sql`greatest(${embedClients.aheadSeconds}, ${ahead}::int)` }).where(eq(embedClients.id, client.id));
  const reports = await db.select({ id: embedReports.id, title: embedReports.title }).from(embedReports).where(sql`${inArray(embedReports.id, scope.reportIds)} and ${embedReports.withdrawnAt} is null`);
  log().info({ embedClient: client.id, viewer: claims.sub }, "an embed session began");
  return { session, expiresInSeconds: SESSION_SECONDS, at: Math.floor(Date.now() / 1000), reports, capabilities: scope.capabilities, accent: client.accent, theme: claims.thm ?? {} };
}

/** Notes that a proof was used; false where it was before. They go with their session. */
export async function spendProof(db: Db, { orgId }: { orgId: string }, session: string, jti: string): Promise<boolean> {
  const once = await db.insert(embedProofs).values({ sessionHash: sha256(session), jti, orgId }).onConflictDoNothing().returning();
  return once.length > 0;
}

/** Tokens that are expired anyway, and sessions that are over. */
export async function forgetEmbeds(db: Db): Promise<void> {
  await db.delete(embedTokens).where(lt(embedTokens.expiresAt, sql`now()`));
  await db.delete(embedSessions).where(lt(embedSessions.expiresAt, sql`now()`));
}
