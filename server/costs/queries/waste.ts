import { type SQL, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { type Grant, reaches } from "../../../domain/access/roles.ts";
import { decimalText } from "../../../domain/costs/decimal.ts";
import type { CapacityClass } from "../../../domain/costs/metering.ts";
import { byWaste, type ClusterWaste, type HeldCard, hourOf, type IdleRun, isIdle, type NodeWaste, standing, sumOfHours, WASTE_LEAST_MINUTES, WASTE_WINDOW_MINUTES, type WasteView } from "../../../domain/costs/waste.ts";
import { mayTouch } from "../../../domain/experiments/run-actions.ts";
import type { Allowed } from "../../../domain/experiments/run-view.ts";
import { reachedProjects } from "../../access/queries.ts";
import { HIDDEN_RUN } from "../../clusters/queries/project-teams.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPriceBook, type PriceBook } from "./prices.ts";
import { readStand } from "./spend.ts";

interface CardRow extends Record<string, unknown> {
  cluster_id: string;
  cluster: string;
  capacity_class: CapacityClass;
  node: string;
  model: string;
  run_id: string | null;
  run: string;
  owner: string;
  owner_id: string;
  project: string;
  project_id: string;
  team_id: string;
  is_seen: boolean;
  started_at: string;
  asked: number;
  is_due: boolean;
  use: number | null;
}

const isHolding = (orgId: string): SQL => sql`a.org_id = ${orgId} and a.status in ('running', 'unreachable') and a.started_at is not null`;

/** Indexes of the accelerators that an attempt holds on one of its nodes, by the rule of domain/experiments/held-accelerators.ts; none where it is not known which. */
const heldOn = (node: SQL): SQL => sql`case when cardinality(a.node_names) = 1 and cardinality(a.accelerator_indexes) > 0 then a.accelerator_indexes else array(
  select own.index from accelerators own join nodes host on host.id = own.node_id where host.cluster_id = a.cluster_id and host.name = ${node} and own.present
    and a.gpus = (select count(*) from accelerators every where every.node_id = host.id and every.present)) end`;

/** Accelerators that are held of nodes of which it is not known which, by cluster and by its node. */
async function countUnnamed({ db, orgId }: Pick<Ctx, "db" | "orgId">): Promise<Map<string, Map<string, number>>> {
  const rows = await db.execute<{ cluster_id: string; node: string; count: number }>(sql`
    select a.cluster_id, node.name as node, sum(a.gpus)::int as count from attempts a, unnest(a.node_names) as node (name) where ${isHolding(orgId)} and a.gpus > 0 and cardinality(${heldOn(sql`node.name`)}) = 0 group by 1, 2`);
  return new Map([...Map.groupBy(rows, (row) => row.cluster_id)].map(([id, own]) => [id, new Map(own.map(({ node, count }) => [node, count]))]));
}

/**
 * Every accelerator that is there, with the run that holds it and how much of it was used of late. Named runs are only
 * those that the grant reaches; the others count, without a name.
 */
async function listCards({ db, orgId }: Pick<Ctx, "db" | "orgId">, grant: Grant | null, clusterId?: string): Promise<CardRow[]> {
  return db.execute<CardRow>(sql`
    with held as (
      select a.cluster_id, node.name as node, card.index, a.run_id, r.name as run, coalesce(u.name, s.name, 'Gone') as owner, r.owner_id, projects.name as project, projects.id as project_id, projects.team_id, ${grant ? reachedProjects(grant) ?? sql`true` : sql`false`} as is_seen, a.started_at, a.gpus * cardinality(a.node_names) as asked
      from attempts a join runs r on r.id = a.run_id join ${projects} on ${projects.orgId} = r.org_id and ${projects.id} = r.project_id
      left join users u on u.id = r.owner_id left join service_accounts s on s.id = r.owner_id,
        unnest(a.node_names) as node (name), unnest(${heldOn(sql`node.name`)}) as card (index)
      where ${isHolding(orgId)}
    )
    select c.id as cluster_id, c.name as cluster, c.capacity_class, n.name as node, x.model, h.run_id, h.run, h.owner, h.owner_id, h.project, h.project_id, h.team_id, coalesce(h.is_seen, false) as is_seen, h.started_at::text, h.asked,
      coalesce(h.started_at < now() - make_interval(mins => ${WASTE_LEAST_MINUTES}), false) as is_due, m.use
    from accelerators x join nodes n on n.id = x.node_id join clusters c on c.id = x.cluster_id
    left join (select distinct on (cluster_id, node, index) * from held order by cluster_id, node, index, started_at) h on h.cluster_id = x.cluster_id and h.node = n.name and h.index = x.index
    left join lateral (
      select avg(sample.value) as use from telemetry t, unnest(t.times, t.values) as sample (at, value)
      where h.run_id is not null and t.cluster_id = x.cluster_id and t.subject = 'accelerator' and t.subject_id = n.name || '/' || x.index and t.key = 'gpu'
        and t.at > now() - make_interval(mins => ${2 * WASTE_WINDOW_MINUTES}) and sample.at >= extract(epoch from greatest(h.started_at, now() - make_interval(mins => ${WASTE_WINDOW_MINUTES}))) * 1000
    ) m on true
    where c.org_id = ${orgId} ${clusterId === undefined ? sql`` : sql`and c.id = ${clusterId}`} and n.state not in ('off', 'gone') and x.present
    order by c.name, n.name, x.index`);
}

/** What is held and not used right now, by whom, and what that costs. @param prices For who needs them as well: loaded once. */
export async function readWaste(ctx: Ctx, now: number, prices: Promise<PriceBook> = loadPriceBook(ctx.db, ctx.orgId)): Promise<WasteView> {
  const [rows, unnamed, book, stand] = await Promise.all([listCards(ctx, ctx.grant), countUnnamed(ctx), prices, readStand(ctx.db, ctx.orgId)]);
  const cards = rows.map(cardOf);
  const runs = [...Map.groupBy(cards.filter(({ row }) => row.run_id !== null && row.is_seen && row.is_due), ({ row }) => row.run_id!).values()].flatMap((own): IdleRun[] => {
    const idle = own.filter(({ card }) => isIdle(card));
    if (idle.length === 0) return [];
    const { row } = own[0]!;
    const hour = hourOf(idle.map(({ card }) => card), book.lines, now, book.version);
    const measured = own.filter(({ card }) => card.use !== null);
    return [{
      id: row.run_id!, name: row.run, owner: row.owner, project: row.project, cancel: mayCancel(ctx, row), cluster: row.cluster, nodes: [...new Set(own.map((one) => one.row.node))],
      idle: idle.length, held: own.length, asked: row.asked, use: measured.reduce((sum, { card }) => sum + card.use!, 0) / measured.length, heldSince: new Date(row.started_at), perHour: hour && decimalText(hour),
    }];
  }).toSorted(byWaste);
  return { ...stand, currency: book.currency, ratingVersion: book.version, clusters: clustersOf(cards, unnamed), runs, perHour: sumOfHours(runs) };
}

/** As the run's own page has it. */
function mayCancel(ctx: Ctx, row: CardRow): Allowed {
  const holds = (permission: Permission) => {
    const grant = ctx.grantFor(permission);
    return grant !== null && reaches(grant, { id: row.project_id, teamId: row.team_id });
  };
  return mayTouch({ isOwn: row.owner_id === ctx.actor.id, holds: { cancel: holds("runs:cancel"), cancelAny: holds("runs:cancel-any") } });
}

const cardOf = (row: CardRow) => ({ row, card: { clusterId: row.cluster_id, runId: row.run_id ?? "", model: row.model, capacityClass: row.capacity_class, use: row.use === null ? null : +row.use } satisfies HeldCard });
const standingOf = (cards: readonly ReturnType<typeof cardOf>[], unnamed: number) => standing(cards.map(({ row, card }) => ({ isHeld: row.run_id !== null, isIdle: row.is_due && isIdle(card), use: card.use })), unnamed);

function clustersOf(cards: readonly ReturnType<typeof cardOf>[], unnamed: ReadonlyMap<string, ReadonlyMap<string, number>>): ClusterWaste[] {
  return [...Map.groupBy(cards, ({ card }) => card.clusterId)].map(([id, own]) => {
    const { use: _, ...counts } = standingOf(own, [...(unnamed.get(id)?.values() ?? [])].reduce((sum, count) => sum + count, 0));
    return { id, name: own[0]!.row.cluster, ...counts };
  });
}

/** The same of each node of a cluster, with the runs that hold idle ones there; only those that the viewer may read are named. */
export async function readNodeWaste(ctx: Ctx, clusterId: string): Promise<NodeWaste[]> {
  const [rows, unnamed] = await Promise.all([listCards(ctx, ctx.grantFor("runs:read"), clusterId), countUnnamed(ctx)]);
  return [...Map.groupBy(rows.map(cardOf), ({ row }) => row.node)].map(([node, own]) => {
    const idle = Map.groupBy(own.filter(({ row, card }) => row.run_id !== null && row.is_due && isIdle(card)), ({ row }) => (row.is_seen ? row.run_id! : ""));
    return {
      node, ...standingOf(own, unnamed.get(clusterId)?.get(node) ?? 0),
      idle: [...idle].map(([id, of]) => ({ run: id === "" ? HIDDEN_RUN : { id, name: of[0]!.row.run }, owner: id === "" ? null : of[0]!.row.owner, count: of.length, heldSince: new Date(of[0]!.row.started_at) })),
    };
  });
}
