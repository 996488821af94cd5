import { base64url, SignJWT } from "jose";

/** Signs what the frame asks: a session alone, wherever it is taken from, is of no use without it. */
export interface FrameKey {
  /** @param at Seconds by the server's clock, which is the one that judges. */
  prove: (request: { method: string; target: string; secret: string }, at: number) => Promise<string>;
}

/** A key that no script can read out, not even ours: it ends with the frame. */
export async function makeFrameKey(): Promise<FrameKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const jwk = { kty: kty!, crv: crv!, x: x!, y: y! };
  return {
    prove: async ({ method, target, secret }, at) => {
      const ath = base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret))));
      return new SignJWT({ htm: method, htu: target, ath, jti: crypto.randomUUID(), iat: at }).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk }).sign(privateKey);
    },
  };
}
