import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { link, readFile, rm } from "node:fs/promises";
import { z } from "zod";
import { writeDurably } from "../disk.ts";
import type { StateFolder } from "../state.ts";

const KEY_BYTES = 32;
const Secrets = z.record(z.string(), z.string());
export type Secrets = z.infer<typeof Secrets>;

/** The key of this machine's journal. Made at the first secret; whoever copies an attempt's folder alone reads nothing. */
async function keyOf(state: StateFolder): Promise<Buffer> {
  const known = await readFile(state.vault).catch(() => null);
  if (known?.length === KEY_BYTES) return known;
  const mine = `${state.vault}.${randomBytes(4).toString("hex")}`;
  await writeDurably(mine, randomBytes(KEY_BYTES));
  await link(mine, state.vault).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // another attempt made it a moment ago: that one counts
  });
  await rm(mine, { force: true });
  return readFile(state.vault);
}

/** What the journal keeps of an attempt's secrets: AES-256-GCM, bound to the attempt. */
export async function sealSecrets(state: StateFolder, attemptId: string, secrets: Secrets): Promise<string> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await keyOf(state), nonce).setAAD(Buffer.from(attemptId));
  return Buffer.concat([nonce, cipher.update(JSON.stringify(secrets), "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** @throws Error when the key or the text is another: without its secrets an attempt's log cannot be redacted, so it must not be sent. */
export async function openSecrets(state: StateFolder, attemptId: string, sealed: string): Promise<Secrets> {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", await keyOf(state), bytes.subarray(0, 12)).setAAD(Buffer.from(attemptId));
  decipher.setAuthTag(bytes.subarray(-16));
  return Secrets.parse(JSON.parse(decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8")));
}
