import { createHmac, randomBytes } from "node:crypto";
import type { Db } from "../db/client.ts";
import { sessions } from "../db/schema/access.ts";

/** The cookie of a session as the sign-in form makes it, signed with the stack's secret. */
export async function sessionCookie(db: Db, secret: string, userId: string): Promise<{ name: string; value: string }> {
  const token = randomBytes(24).toString("base64url");
  await db.insert(sessions).values({ id: crypto.randomUUID(), token, userId, expiresAt: new Date(Date.now() + 86_400_000) });
  const signature = createHmac("sha256", secret).update(token).digest("base64");
  return { name: "drover.session_token", value: encodeURIComponent(`${token}.${signature}`) };
}
