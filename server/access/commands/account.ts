import type { Tx } from "../../../db/client.ts";
import { accounts, users } from "../../../db/schema/access.ts";
import { newId } from "../../../db/schema/columns.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { auth } from "../auth.ts";

/** scrypt with better-auth's parameters, so that its sign-in can check it. About 0.2 s: call it outside any transaction. */
export async function hashPassword(password: string): Promise<string> {
  const { password: hasher } = await auth().$context;
  return hasher.hash(password);
}

/** A person and their password, inside the caller's transaction. @throws DomainError conflict when the e-mail is taken. */
export async function insertUser(tx: Tx, person: { name: string; email: string; passwordHash: string }): Promise<string> {
  const [user] = await tx
    .insert(users)
    .values({ id: newId("user"), name: person.name, email: person.email, emailVerified: false })
    .onConflictDoNothing({ target: users.email })
    .returning({ id: users.id });
  if (!user) {
    throw new DomainError("conflict", `Somebody with the e-mail ${person.email} has an account already. Sign in with it.`, { issues: [{ field: "email", message: "This e-mail has an account already." }] });
  }
  await tx.insert(accounts).values({ id: crypto.randomUUID(), accountId: user.id, providerId: "credential", userId: user.id, password: person.passwordHash });
  return user.id;
}
