import { type AcceleratorSnapshot, type Kind, kindOn, kindsOf, modelMatches, wholeModel } from "../agents/accelerators.ts";
import type { ClusterSnapshot, LiveHold, NodeSnapshot } from "../agents/placement.ts";
import { formatNumber } from "../shared/format.ts";

/** What a team or a project may hold of accelerators of one model, over all clusters. */
export interface Quota {
  id: string;
  scope: "team" | "project";
  scopeId: string;
  scopeName: string;
  /** Matched as a spec's `gpuModel` is; `*` is every model. */
  model: string;
  /** Its own whenever it asks: what others borrowed of it is taken back. */
  guaranteed: number;
  /** May it hold more than that while nobody else needs it? */
  borrow: boolean;
  /** Never more than this; null is no limit. */
  limit: number | null;
}

/** Who asks, and how much in all. `firm`: it cannot be stopped for others once it runs. */
export interface QuotaAsk {
  teamId: string;
  projectId: string;
  gpus: number;
  firm: boolean;
}

const WHOLE = 1000;

/**
 * What one accelerator of a kind is to a quota, in thousandths of what that counts: whole ones, of which a slice or share is its part;
 * or slices or shares themselves, where its model is theirs. 0: it does not count there.
 */
function unitsOf({ model: of }: Pick<Quota, "model">, { model, milli }: Kind): number {
  if (of === "*") return milli;
  if (modelMatches(model, of)) return WHOLE;
  return modelMatches(wholeModel(model), of) ? milli : 0;
}

function unitsThere(quota: Pick<Quota, "model">, one: AcceleratorSnapshot): number {
  const [whole, share] = kindsOf(one) as [Kind, Kind?];
  const units = unitsOf(quota, whole);
  return units > 0 || !share ? units : one.shares! * unitsOf(quota, share);
}

/** Of thousandths. */
const amount = (units: number): string => formatNumber(units / WHOLE);

export const quotaNoun = (quota: Pick<Quota, "model">) => (quota.model === "*" ? "accelerators" : quota.model);
/** The most that it may ever hold; null is no limit. */
export const ceilingOf = (quota: Quota): number | null => (quota.borrow ? quota.limit : Math.min(quota.guaranteed, quota.limit ?? quota.guaranteed));

/** One sum over all quotas of one kind of scope and one model. Amounts are thousandths of what it counts. */
interface Fence {
  scope: Quota["scope"];
  model: string;
  quotas: Map<string, Quota>;
  capacity: number;
  used: Map<string, number>;
  /** Of `used`, what cannot be taken back. */
  firm: Map<string, number>;
}

/**
 * Who holds what against which quota. Guarantees stay reclaimable: firm work may go beyond its own guarantee only while the
 * larger of (guarantee, firm use) of everybody together still fits in what there is. Preemptible work may borrow more.
 */
export class QuotaBook {
  private readonly fences: Fence[] = [];
  private readonly byModel = new Map<string, { fence: Fence; units: number }[]>();

  constructor(quotas: readonly Quota[], clusters: readonly ClusterSnapshot[], preemption: boolean) {
    for (const quota of quotas) this.fenceOf(quota, clusters).quotas.set(quota.scopeId, quota);
    if (this.fences.length === 0) return;
    for (const cluster of clusters) {
      const nodes = new Map(cluster.nodes.map((node) => [node.name, node]));
      for (const hold of cluster.live) this.addHold(hold, (name) => nodes.get(name), preemption);
    }
  }

  /** Counts what an attempt holds, or with `sign` -1 gives it back. */
  addHold(hold: LiveHold, nodeOf: (name: string) => NodeSnapshot | undefined, preemption: boolean, sign: 1 | -1 = 1): void {
    if (!hold.claim || hold.gpus === 0) return;
    const { teamId, projectId, preemptible } = hold.claim;
    for (const name of hold.nodeNames) {
      const kind = kindOn(nodeOf(name), hold.gpuModel ?? null);
      if (kind) this.add({ teamId, projectId, gpus: hold.gpus, firm: !(preemptible && preemption) }, kind, sign);
    }
  }

  get isEmpty(): boolean {
    return this.fences.length === 0;
  }

  private fenceOf(quota: Quota, clusters: readonly ClusterSnapshot[]): Fence {
    const known = this.fences.find((one) => one.scope === quota.scope && one.model === quota.model);
    if (known) return known;
    let capacity = 0;
    for (const cluster of clusters) for (const node of cluster.nodes) for (const one of node.accelerators) if (one.ok) capacity += unitsThere(quota, one);
    const fence: Fence = { scope: quota.scope, model: quota.model, quotas: new Map(), capacity, used: new Map(), firm: new Map() };
    this.fences.push(fence);
    return fence;
  }

  private touching(kind: Kind): { fence: Fence; units: number }[] {
    const key = `${kind.milli} ${kind.model}`;
    let known = this.byModel.get(key);
    if (!known) this.byModel.set(key, (known = this.fences.map((fence) => ({ fence, units: unitsOf(fence, kind) })).filter(({ units }) => units > 0)));
    return known;
  }

  /** Counts what was taken, or with `sign` -1 given back. */
  add(ask: QuotaAsk, kind: Kind, sign: 1 | -1 = 1): void {
    for (const { fence, units } of this.touching(kind)) {
      const id = scopeIdOf(fence, ask);
      fence.used.set(id, (fence.used.get(id) ?? 0) + sign * ask.gpus * units);
      if (ask.firm) fence.firm.set(id, (fence.firm.get(id) ?? 0) + sign * ask.gpus * units);
    }
  }

  usedBy(quota: Quota): number {
    return (this.fences.find((one) => one.scope === quota.scope && one.model === quota.model)?.used.get(quota.scopeId) ?? 0) / WHOLE;
  }

  /** Why the ask may not be held on accelerators of this kind; null when it may. */
  refuses(ask: QuotaAsk, kind: Kind): string | null {
    for (const { fence, units } of this.touching(kind)) {
      const id = scopeIdOf(fence, ask);
      const quota = fence.quotas.get(id);
      const used = fence.used.get(id) ?? 0;
      const ceiling = quota ? ceilingOf(quota) : null;
      const wanted = ask.gpus * units;
      if (quota && ceiling !== null && used + wanted > ceiling * WHOLE) return `The ${quota.scope} ${quota.scopeName} may hold ${ceiling} ${quotaNoun(quota)} and holds ${amount(used)}; this needs ${amount(wanted)} more.`;
      if (ask.firm && !this.staysReclaimable(fence, id, wanted)) {
        const noun = quotaNoun(fence);
        return `Of the ${amount(fence.capacity)} ${noun} the free ones are guaranteed to other ${fence.scope}s. A preemptible run could borrow ${amount(wanted)} of them.`;
      }
    }
    return null;
  }

  private staysReclaimable(fence: Fence, id: string, units: number): boolean {
    const guaranteed = (fence.quotas.get(id)?.guaranteed ?? 0) * WHOLE;
    const firm = (fence.firm.get(id) ?? 0) + units;
    if (firm <= guaranteed) return true;
    let bound = firm;
    for (const [other, quota] of fence.quotas) if (other !== id) bound += Math.max(quota.guaranteed * WHOLE, fence.firm.get(other) ?? 0);
    for (const [other, held] of fence.firm) if (other !== id && !fence.quotas.has(other)) bound += held;
    return bound <= fence.capacity;
  }

  /** Would the ask stay within a guarantee of its own, so that it may take back what was borrowed? */
  isWithinGuarantee(ask: QuotaAsk, kind: Kind): boolean {
    return this.touching(kind).some(({ fence, units }) => {
      const id = scopeIdOf(fence, ask);
      const quota = fence.quotas.get(id);
      return quota !== undefined && quota.guaranteed > 0 && (fence.used.get(id) ?? 0) + ask.gpus * units <= quota.guaranteed * WHOLE;
    });
  }

  /** Does the holder have more than its guarantee where `asker` has one, and is it another team or project? `gone`: what is given back already. */
  isBorrowing(holder: QuotaAsk, asker: QuotaAsk, kind: Kind, gone: readonly (QuotaAsk & { kind: Kind })[] = []): boolean {
    return this.touching(kind).some(({ fence }) => {
      const [id, other] = [scopeIdOf(fence, holder), scopeIdOf(fence, asker)];
      if (id === other || (fence.quotas.get(other)?.guaranteed ?? 0) === 0) return false;
      const back = gone.reduce((sum, one) => sum + (scopeIdOf(fence, one) === id ? one.gpus * unitsOf(fence, one.kind) : 0), 0);
      return (fence.used.get(id) ?? 0) - back > (fence.quotas.get(id)?.guaranteed ?? 0) * WHOLE;
    });
  }
}

const scopeIdOf = (fence: Pick<Fence, "scope">, ask: QuotaAsk) => (fence.scope === "team" ? ask.teamId : ask.projectId);
