import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect } from "vitest";
import { clients } from "../../db/client.ts";
import { decimal, decimalText, trimmed } from "../../domain/costs/decimal.ts";
import type { CreateEmbedClient } from "../../domain/costs/embed-inputs.ts";
import type { EmbeddedReport, EmbedSessionView } from "../../domain/costs/embed-view.ts";
import { buildApp } from "../app.ts";
import type { TestWorld } from "../experiments/testing.ts";

export const HOST = "https://shop.example";
export const HEAD = { alg: "EdDSA", typ: "embed+jwt" };
export const keys = () => generateKeyPairSync("ed25519");
export const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
export const now = () => Math.floor(Date.now() / 1000);
export const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const plain = (amount: string) => decimalText(trimmed(decimal(amount)));
export type Claims = Record<string, unknown>;

export const frameKey = await generateKeyPair("ES256");
/** What a frame signs for one request. */
export async function proof(method: string, target: string, secret: string, more: Claims = {}, key = frameKey, head: Claims = {}): Promise<string> {
  const jwk = await exportJWK(key.publicKey);
  return new SignJWT({ htm: method, htu: target, ath: createHash("sha256").update(secret).digest("base64url"), jti: randomUUID(), iat: now(), ...more }).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk, ...head }).sign(key.privateKey);
}
export async function refused(answer: Response | Promise<Response>, code = "refused"): Promise<void> {
  const response = await answer;
  expect([response.status, await response.text()]).toEqual([401, JSON.stringify({ error: code })]); // the same words for whatever is wrong
}

/** An organization with two published reports, and a site that signs for them. */
export async function embedWorld(world: TestWorld) {
  const app = buildApp();
  const { api } = world.owner;
  const report = (await api.costs.publishReport({ title: "By project", by: "project", range: "7d" })).id;
  const other = (await api.costs.publishReport({ title: "By class", by: "class", range: "7d" })).id;
  const { audience } = await api.costs.embeds();
  const pair = keys();
  const input = (more: Partial<CreateEmbedClient> = {}): CreateEmbedClient => ({ name: "Shop", publicKey: pem(pair.publicKey), origins: [HOST], reportIds: [report], projectIds: null, mustFilter: false, minGroup: null, capabilities: ["csv"], accent: null, ...more });
  let client = "";
  async function makeClient(more: Partial<CreateEmbedClient> = {}): Promise<string> {
    return (client = (await api.costs.createEmbedClient(input(more))).id);
  }
  const claims = (more: Claims = {}): Claims => ({ iss: client, aud: audience, sub: "viewer-7", jti: randomUUID(), iat: now(), exp: now() + 120, rep: [report], ori: HOST, ...more });
  function token(more: Claims = {}, head: Claims = HEAD, key: KeyObject = pair.privateKey): string {
    const text = `${b64(head)}.${b64(claims(more))}`;
    return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
  }
  async function exchange(signed: string, origin = HOST, id = client, address = "192.0.2.1"): Promise<Response> {
    return app.request("/api/embed/session", { method: "POST", body: JSON.stringify({ client: id, token: signed, origin }), headers: { "content-type": "application/json", dpop: await proof("POST", "/api/embed/session", signed, { iat: 0 }) } }, { incoming: { socket: { remoteAddress: address } } });
  }
  async function sessionOf(more: Claims = {}): Promise<string> {
    const answer = await exchange(token(more));
    expect(answer.status).toBe(200);
    return ((await answer.json()) as EmbedSessionView).session;
  }
  const target = (id = report, what = "report") => `/api/embed/${what}?id=${id}`;
  const ask = (session: string, dpop: string, where = target()) => app.request(where, { headers: { authorization: `DPoP ${session}`, dpop } });
  const look = async (session: string, id = report, what = "report") => ask(session, await proof("GET", target(id, what), session), target(id, what));
  async function seen(session: string, id = report): Promise<string[]> {
    return ((await (await look(session, id)).json()) as EmbeddedReport).spend.groups.map(({ label, amount }) => `${label} ${plain(amount)}`).toSorted();
  }
  return {
    world, app, report, other, pair, audience, input, makeClient, client: () => client, claims, token, exchange, sessionOf, target, ask, look, seen,
    close: async () => {
      await clients().close();
      await world.close();
    },
  };
}
export type EmbedWorld = Awaited<ReturnType<typeof embedWorld>>;
