import type { Sql } from "postgres";

const CURES: Record<string, string> = {
  "22023": "Bring the database to this release: ./drover migrate",
  "42501": "Have its owner run: GRANT drover_app, drover_tenant, drover_embed TO the user of DATABASE_URL",
};

/**
 * Nothing may be done as another role than the one that its policies are for, as behind a pooler that drops the start
 * parameter `role`: see db/migrations/0025_tenants.sql.
 * @throws Error that says the cure.
 */
export async function requireRole(role: "drover_app" | "drover_tenant", session: Sql): Promise<void> {
  const [row] = await session<{ me: string }[]>`select current_user as me`.catch((cause: unknown) => {
    const cure = CURES[(cause as { code?: string }).code ?? ""];
    throw cure ? new Error(`The database refuses the role ${role}. ${cure}`, { cause }) : cause;
  });
  if (row!.me !== role) throw new Error(`The database took the user ${row!.me} for ${role}. Let the pooler in front of it pass the start parameter role.`);
}
