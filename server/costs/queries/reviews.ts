import { and, or, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { projects } from "../../../db/schema/access.ts";
import { decimal, decimalText, divide, multiply, trimmed } from "../../../domain/costs/decimal.ts";
import type { ListReviews } from "../../../domain/costs/inputs.ts";
import { HELD_KINDS } from "../../../domain/costs/metering.ts";
import type { ReviewLine, ReviewsView, WitnessStand } from "../../../domain/costs/review-view.ts";
import type { WitnessLine, WitnessSource } from "../../../domain/costs/witness.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { readStand } from "./spend.ts";

const PAGE = 200;
const MONEY_SCALE = 6;
/** Of a difference between two witnesses; other reviews have evidence of their own kind. */
const WitnessEvidence = z.object({ lines: z.array(z.object({ kind: z.enum(HELD_KINDS), counted: z.string(), witnessed: z.string(), difference: z.string(), agrees: z.boolean() })) });

interface Row extends Record<string, unknown> {
  id: string;
  message: string;
  evidence: unknown;
  cluster_id: string;
  cluster: string;
  attempt_id: string | null;
  number: number | null;
  run_id: string | null;
  run: string | null;
  opened_at: string;
  resolved_at: string | null;
  resolved_by_name: string | null;
  note: string | null;
}

/** Of attempts of the projects that the caller reaches; what belongs to none, for those who see the whole organization. */
const seen = ({ grant }: Ctx): SQL => or(grant.org ? sql`projects.id is null` : undefined, and(sql`projects.id is not null`, reachedProjects(grant)))!;

/** What somebody has to look at about usage, or has looked at, the newest first; and whether each cluster has a second witness. */
export async function listReviews(ctx: Ctx, { state }: ListReviews): Promise<ReviewsView> {
  const rows = await ctx.db.execute<Row>(sql`
    select r.id, r.message, r.evidence, r.cluster_id, c.name as cluster, r.attempt_id, a.number, a.run_id, runs.name as run, r.opened_at::text, r.resolved_at::text, r.resolved_by_name, r.note
    from usage_reviews r join clusters c on c.id = r.cluster_id left join attempts a on a.id = r.attempt_id left join runs on runs.id = a.run_id
    left join ${projects} on ${projects.orgId} = runs.org_id and ${projects.id} = runs.project_id
    where r.org_id = ${ctx.orgId} and r.resolved_at ${state === "open" ? sql`is null` : sql`is not null`} and ${seen(ctx)}
    order by coalesce(r.resolved_at, r.opened_at) desc, r.id desc limit ${PAGE + 1}`);
  const shown = rows.slice(0, PAGE);
  const evidence = new Map(shown.map((row) => [row.id, WitnessEvidence.safeParse(row.evidence).data?.lines ?? []]));
  const prices = await chargedPrices(ctx, shown.flatMap((row) => (row.attempt_id !== null && evidence.get(row.id)!.length > 0 ? [row.attempt_id] : [])));
  const { currency } = await readStand(ctx.db, ctx.orgId);
  return {
    currency,
    rows: shown.map((row) => ({
      id: row.id, message: row.message, clusterId: row.cluster_id, cluster: row.cluster,
      run: row.run_id === null ? null : { id: row.run_id, name: row.run ?? row.run_id }, attempt: row.number,
      openedAt: new Date(row.opened_at), resolvedAt: row.resolved_at === null ? null : new Date(row.resolved_at), resolvedBy: row.resolved_by_name, note: row.note,
      lines: evidence.get(row.id)!.map((line) => priced(line, prices.get(`${row.attempt_id} ${line.kind}`))),
    })),
    hasMore: rows.length > PAGE,
    witnesses: await listWitnesses(ctx),
  };
}

/** What an hour of each kind came to for these attempts, over all that they were charged. */
async function chargedPrices({ db, orgId }: Ctx, attemptIds: string[]): Promise<Map<string, string>> {
  if (attemptIds.length === 0) return new Map();
  const rows = await db.execute<{ attempt_id: string; kind: string; price: string }>(sql`
    select e.attempt_id, e.kind, trim_scale(sum(e.amount) / sum(e.quantity))::text as price
    from attempts a join ledger_entries e on e.run_id = a.run_id and e.attempt_id = a.id
    where a.id in ${attemptIds} and a.org_id = ${orgId} and e.line > 0 group by 1, 2 having sum(e.quantity) > 0`);
  return new Map(rows.map(({ attempt_id, kind, price }) => [`${attempt_id} ${kind}`, price]));
}

function priced(line: WitnessLine, price: string | undefined): ReviewLine {
  const ofHour = { units: 3600n, scale: 0 };
  return { ...line, amount: price === undefined ? null : decimalText(trimmed(divide(multiply(decimal(line.difference), decimal(price)), ofHour, MONEY_SCALE))) };
}

async function listWitnesses({ db, orgId, grant }: Ctx): Promise<WitnessStand[]> {
  if (!grant.org) return [];
  const rows = await db.execute<{ cluster_id: string; cluster: string; source: WitnessSource; trouble: string | null; heard_at: string; agreed: number; differed: number }>(sql`
    select w.cluster_id, c.name as cluster, w.source, w.trouble, w.heard_at::text, count(u.attempt_id) filter (where u.agrees)::int as agreed, count(u.attempt_id) filter (where not u.agrees)::int as differed
    from cluster_witnesses w join clusters c on c.id = w.cluster_id left join usage_witnesses u on u.cluster_id = w.cluster_id and u.heard_at > now() - interval '30 days'
    where w.org_id = ${orgId} group by w.cluster_id, c.name order by c.name`);
  return rows.map((row) => ({ clusterId: row.cluster_id, cluster: row.cluster, source: row.source, trouble: row.trouble, heardAt: new Date(row.heard_at), agreed: row.agreed, differed: row.differed }));
}
