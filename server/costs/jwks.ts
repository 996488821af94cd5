import http from "node:http";
import https from "node:https";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { checkedLookup } from "../outside.ts";

const TIMEOUT_MS = 5000;
const MOST_BYTES = 64 * 1024;
/** How long a set is believed; a key that is not in it asks again, this often at most. */
const KEPT_MS = 10 * 60_000;
const AGAIN_MS = 30_000;
const MOST_KEPT = 500;

/** Ed25519 alone, whatever else a site publishes beside it. */
const Ed25519 = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string().regex(/^[A-Za-z0-9_-]{43}$/), kid: z.string().max(200).optional() });
const KeySet = z.object({ keys: z.array(z.unknown()).max(100) }).transform(({ keys }): JSONWebKeySet => ({ keys: keys.flatMap((key) => Ed25519.safeParse(key).data ?? []) }));

const sets = new Map<string, { at: number; keys: Promise<JWTVerifyGetKey> }>();

/** The keys that a site publishes at an address, asked for when needed. A token whose `kid` is new makes it ask again, so that a site may turn its keys over by itself. */
export function remoteKeys(address: string): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await (await keysAt(address, KEPT_MS))(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await keysAt(address, AGAIN_MS))(header, token);
    }
  };
}

function keysAt(address: string, maxAgeMs: number): Promise<JWTVerifyGetKey> {
  const known = sets.get(address);
  if (known && performance.now() - known.at < maxAgeMs) return known.keys;
  if (sets.size >= MOST_KEPT) sets.clear();
  const keys = fetchKeys(new URL(address)).then(createLocalJWKSet);
  sets.set(address, { at: performance.now(), keys });
  keys.catch(() => sets.get(address)?.keys === keys && sets.delete(address)); // the next token asks anew
  return keys;
}

/** @throws Error that says why: where it leads, what it answered, or that there is no Ed25519 key in it. */
export async function fetchKeys(url: URL): Promise<JSONWebKeySet> {
  const text = await read(url, await checkedLookup(url));
  const found = KeySet.parse(JSON.parse(text));
  if (found.keys.length === 0) throw new Error("There is no Ed25519 key in it (kty OKP, crv Ed25519).");
  return found;
}

function read(url: URL, lookup: Awaited<ReturnType<typeof checkedLookup>>): Promise<string> {
  const { get } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, lookup, headers: { accept: "application/json", "user-agent": "drover-embed" }, signal: AbortSignal.timeout(TIMEOUT_MS) }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume();
        return reject(new Error(`It answered ${answer.statusCode}.`)); // a redirect too: where it leads was not checked
      }
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) asked.destroy(new Error("It is larger than a set of keys can be."));
      });
      answer.once("end", () => resolve(text)).once("error", reject);
    });
    asked.once("error", reject);
  });
}
