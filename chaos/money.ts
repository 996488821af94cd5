import type { Stack } from "./stack.ts";

/** A budget that every run is held on, so that its holds are among what must come out right. */
export async function makeBudget({ sql }: Stack): Promise<void> {
  await sql`
    insert into budgets (id, org_id, name, scope_type, scope_id, amount, levels, policy)
    select 'bud_chaos', id, 'Everything', 'org', id, 1000000, '{80,100}', 'block' from orgs`;
}
