import { createHash } from "node:crypto";
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose";
import { CLOCK_SECONDS } from "../../domain/costs/embed.ts";
import { EmbedProofClaims } from "../../domain/costs/embed-inputs.ts";

/** What a proof must be for: this request, with this secret. */
export interface ProvenRequest {
  method: string;
  /** Path and query: a proof for one report opens no other. */
  target: string;
  /** The token that is swapped, or the session that is used. */
  secret: string;
}
export interface EmbedProof {
  /** RFC 7638: which key signed. */
  thumbprint: string;
  jti: string;
}

/**
 * Whoever sends the request holds the frame's key: a JWT in the manner of DPoP (RFC 9449), signed for this request alone.
 * Null for anything else. Whether it was used before, and whether the key is the session's, is for the caller to ask.
 * @param now Of a session's proofs, which say when they were made by the server's own clock; null: not judged.
 */
export async function proofOf(proof: string | undefined, { method, target, secret }: ProvenRequest, now: number | null): Promise<EmbedProof | null> {
  if (!proof || proof.length > 4096) return null;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { algorithms: ["ES256"], typ: "dpop+jwt" });
    const claims = EmbedProofClaims.parse(payload);
    const isFor = claims.htm === method && claims.htu === target && claims.ath === createHash("sha256").update(secret).digest("base64url");
    const isFresh = now === null || Math.abs(claims.iat * 1000 - now) <= CLOCK_SECONDS * 1000;
    return isFor && isFresh ? { thumbprint: await calculateJwkThumbprint(protectedHeader.jwk!), jti: claims.jti } : null;
  } catch {
    return null;
  }
}
