import { createHash, randomBytes } from "node:crypto";

/** What the database keeps of a link or token. Plain SHA-256 suffices: the secrets are random, nobody can guess them from a list. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** 256 random bits, safe in a URL. */
export const randomSecret = (): string => randomBytes(32).toString("base64url");
