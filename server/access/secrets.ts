import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { env } from "../../env.ts";

/** What the database keeps of a link or token. Plain SHA-256 suffices: the secrets are random, nobody can guess them from a list. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** 256 random bits, safe in a URL. */
export const randomSecret = (): string => randomBytes(32).toString("base64url");

const keyFor = (purpose: string): Buffer => Buffer.from(hkdfSync("sha256", env().DROVER_SECRET, "", `drover ${purpose}`, 32));

/** A secret of a purpose that need not be kept: whoever has the server's own makes it again. */
export const derivedSecret = (purpose: string): string => keyFor(purpose).toString("base64url");

/** For secrets that must be read again: AES-256-GCM under a key of the server's own secret. @param purpose Text sealed for one is not opened for another. */
export function seal(text: string, purpose: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFor(purpose), nonce);
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** @returns null when it was sealed under another secret or purpose, or changed. */
export function unseal(sealed: string, purpose: string): string | null {
  const bytes = Buffer.from(sealed, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyFor(purpose), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    return decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return null;
  }
}
