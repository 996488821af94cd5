import { createHmac, timingSafeEqual } from "node:crypto";
import { formatToken, isTokenShaped } from "../../domain/access/token-format.ts";
import { ID_PREFIXES } from "../../domain/shared/id-format.ts";
import { env } from "../../env.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Characters of a UUID's 128 bits, and of 124 bits of the MAC: together the 43 of every token. */
const ID_LENGTH = 22;
const MAC_LENGTH = 21;
const MAC_HEX = 31;

function toBase62(hex: string, length: number): string {
  let text = "";
  for (let value = BigInt(`0x${hex}`); value > 0n; value /= 62n) text = BASE62[Number(value % 62n)] + text;
  return text.padStart(length, "0");
}

function fromBase62(text: string): string {
  let value = 0n;
  for (const character of text) value = value * 62n + BigInt(BASE62.indexOf(character));
  return value.toString(16).padStart(32, "0");
}

const macOf = (attemptId: string): string => createHmac("sha256", env().DROVER_SECRET).update(`run token of ${attemptId}`).digest("hex").slice(0, MAC_HEX);

/**
 * The token that an attempt's process logs with: the attempt's id and a MAC over it. Nothing of it is stored, and every
 * delivery of the spec carries the same one; whether it still holds is for the attempt's status to say.
 */
export function runToken(attemptId: string): string {
  const uuid = attemptId.slice(ID_PREFIXES.attempt.length + 1).replaceAll("-", "");
  return formatToken("run", attemptId, toBase62(uuid, ID_LENGTH) + toBase62(macOf(attemptId), MAC_LENGTH));
}

/** The attempt whose token this is; null for any other text. */
export function attemptOfToken(token: string): string | null {
  const secret = token.startsWith("drv_run_") && isTokenShaped(token) ? token.split("_")[3]! : null;
  if (!secret) return null;
  const hex = fromBase62(secret.slice(0, ID_LENGTH));
  if (hex.length !== 32) return null;
  const attemptId = `${ID_PREFIXES.attempt}_${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return timingSafeEqual(Buffer.from(runToken(attemptId)), Buffer.from(token)) ? attemptId : null;
}

/** What the callers of an attempt's own app must name, so that other accounts of its machine are not let in: Drover adds it to what it forwards. Nothing of it is stored. */
export const appToken = (attemptId: string): string => createHmac("sha256", env().DROVER_SECRET).update(`app token of ${attemptId}`).digest("base64url");
