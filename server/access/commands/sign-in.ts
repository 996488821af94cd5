import { eq } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { users } from "../../../db/schema/access.ts";
import { log } from "../../log.ts";
import { audit } from "../audit.ts";
import { listOrgsOf } from "../queries.ts";

/** Each organization of the person learns that they signed in. The session exists already, so a failure here must not undo it. */
export async function recordSignIn(db: Db, userId: string): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      const [user] = await tx.select({ name: users.name }).from(users).where(eq(users.id, userId));
      const actor = { type: "user" as const, id: userId, name: user!.name, tokenId: null };
      for (const org of await listOrgsOf(tx, userId)) await audit(tx, { orgId: org.id, actor, requestId: null }, { action: "user.sign-in", target: { type: "user", id: userId, name: actor.name } });
    });
  } catch (err) {
    log().warn({ err, userId }, "could not record a sign-in");
  }
}
