/**
 * API tokens read `drv_<kind>_<id part>_<secret>_<crc>`: a scanner finds them by prefix and tells a real one by its checksum,
 * and a mistyped one is refused without asking the database.
 */
export const TOKEN_KINDS = ["pat", "sat", "run"] as const;
/** `pat`: a person's. `sat`: a service account's. `run`: an attempt's, to log to its own run while it lives. */
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Life of a token where nobody chose one, and the longest there is. */
export const TOKEN_DAYS_DEFAULT = 90;
export const TOKEN_DAYS_MAX = 365;

const SHAPE = /^(drv_(pat|sat|run)_([0-9a-f]{12})_([0-9A-Za-z]{43}))_([0-9a-f]{8})$/;

/** Last twelve hex digits of the token's id: names it in logs and lists without giving anything away. */
export const tokenIdPart = (tokenId: string): string => tokenId.replaceAll("-", "").slice(-12);

/** @param secret 43 characters of base62: 256 bits. */
export function formatToken(kind: TokenKind, tokenId: string, secret: string): string {
  const body = `drv_${kind}_${tokenIdPart(tokenId)}_${secret}`;
  return `${body}_${crc32(body)}`;
}

/** Has it the shape and checksum of a token? Says nothing about whether it was ever issued. */
export function isTokenShaped(text: string): boolean {
  const match = SHAPE.exec(text);
  return match !== null && crc32(match[1]!) === match[5];
}

/** How a token is shown after its one appearance: `drv_pat_0a1b2c3d4e5f_…wxyz`. */
export const maskedToken = (kind: TokenKind, tokenId: string, lastFour: string): string => `drv_${kind}_${tokenIdPart(tokenId)}_…${lastFour}`;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (IEEE 802.3) of ASCII text, eight hex digits. */
export function crc32(text: string): string {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ text.charCodeAt(at)) & 0xff]!;
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
