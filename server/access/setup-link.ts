import type { Db } from "../../db/client.ts";
import { insertSetupLink } from "./commands/setup.ts";
import { hasOwner } from "./queries.ts";
import { randomSecret, sha256 } from "./secrets.ts";

const VALID_MS = 24 * 60 * 60_000;

/** A fresh one-time token for `paths.setup(token)`, good for a day; null when somebody owns an organization already. */
export async function ensureSetupLink(db: Db): Promise<string | null> {
  if (await hasOwner(db)) return null;
  const token = randomSecret();
  await insertSetupLink(db, sha256(token), new Date(Date.now() + VALID_MS));
  return token;
}
