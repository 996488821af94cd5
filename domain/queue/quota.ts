import { modelMatches, type ClusterSnapshot, type LiveHold } from "../agents/placement.ts";
import { plural } from "../shared/format.ts";

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

const covers = (quota: Pick<Quota, "model">, model: string): boolean => quota.model === "*" || modelMatches(model, quota.model);
export const quotaNoun = (quota: Pick<Quota, "model">) => (quota.model === "*" ? "accelerators" : quota.model);
/** The most that it may ever hold; null is no limit. */
export const ceilingOf = (quota: Quota): number | null => (quota.borrow ? quota.limit : Math.min(quota.guaranteed, quota.limit ?? quota.guaranteed));

/** One sum over all quotas of one kind of scope and one model. */
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
  private readonly byModel = new Map<string, Fence[]>();

  constructor(quotas: readonly Quota[], clusters: readonly ClusterSnapshot[], preemption: boolean) {
    for (const quota of quotas) this.fenceOf(quota, clusters).quotas.set(quota.scopeId, quota);
    if (this.fences.length === 0) return;
    for (const cluster of clusters) {
      const models = new Map(cluster.nodes.map((node) => [node.name, node.accelerators[0]?.model]));
      for (const hold of cluster.live) this.addHold(hold, (name) => models.get(name), preemption);
    }
  }

  /** Counts what an attempt holds, or with `sign` -1 gives it back. `modelOf`: of a node's accelerators. */
  addHold(hold: LiveHold, modelOf: (node: string) => string | undefined, preemption: boolean, sign: 1 | -1 = 1): void {
    if (!hold.claim || hold.gpus === 0) return;
    const { teamId, projectId, preemptible } = hold.claim;
    for (const name of hold.nodeNames) {
      const model = modelOf(name);
      if (model) this.add({ teamId, projectId, gpus: hold.gpus, firm: !(preemptible && preemption) }, model, sign);
    }
  }

  get isEmpty(): boolean {
    return this.fences.length === 0;
  }

  private fenceOf(quota: Quota, clusters: readonly ClusterSnapshot[]): Fence {
    const known = this.fences.find((one) => one.scope === quota.scope && one.model === quota.model);
    if (known) return known;
    let capacity = 0;
    for (const cluster of clusters) for (const node of cluster.nodes) for (const one of node.accelerators) if (one.ok && covers(quota, one.model)) capacity += 1;
    const fence: Fence = { scope: quota.scope, model: quota.model, quotas: new Map(), capacity, used: new Map(), firm: new Map() };
    this.fences.push(fence);
    return fence;
  }

  private touching(model: string): Fence[] {
    let known = this.byModel.get(model);
    if (!known) this.byModel.set(model, (known = this.fences.filter((fence) => covers(fence, model))));
    return known;
  }

  /** Counts what was taken, or with `sign` -1 given back. */
  add(ask: QuotaAsk, model: string, sign: 1 | -1 = 1): void {
    for (const fence of this.touching(model)) {
      const id = scopeIdOf(fence, ask);
      fence.used.set(id, (fence.used.get(id) ?? 0) + sign * ask.gpus);
      if (ask.firm) fence.firm.set(id, (fence.firm.get(id) ?? 0) + sign * ask.gpus);
    }
  }

  usedBy(quota: Quota): number {
    return this.fences.find((one) => one.scope === quota.scope && one.model === quota.model)?.used.get(quota.scopeId) ?? 0;
  }

  /** Why the ask may not be held on accelerators of this model; null when it may. */
  refuses(ask: QuotaAsk, model: string): string | null {
    for (const fence of this.touching(model)) {
      const id = scopeIdOf(fence, ask);
      const quota = fence.quotas.get(id);
      const used = fence.used.get(id) ?? 0;
      const ceiling = quota ? ceilingOf(quota) : null;
      if (quota && ceiling !== null && used + ask.gpus > ceiling) return `The ${quota.scope} ${quota.scopeName} may hold ${ceiling} ${quotaNoun(quota)} and holds ${used}; this needs ${ask.gpus} more.`;
      if (ask.firm && !this.staysReclaimable(fence, id, ask.gpus)) {
        const noun = quotaNoun(fence);
        return `Of the ${fence.capacity} ${noun} the free ones are guaranteed to other ${fence.scope}s. A preemptible run could borrow ${plural(ask.gpus, "of them", "of them")}.`;
      }
    }
    return null;
  }

  private staysReclaimable(fence: Fence, id: string, gpus: number): boolean {
    const guaranteed = fence.quotas.get(id)?.guaranteed ?? 0;
    const firm = (fence.firm.get(id) ?? 0) + gpus;
    if (firm <= guaranteed) return true;
    let bound = firm;
    for (const [other, quota] of fence.quotas) if (other !== id) bound += Math.max(quota.guaranteed, fence.firm.get(other) ?? 0);
    for (const [other, held] of fence.firm) if (other !== id && !fence.quotas.has(other)) bound += held;
    return bound <= fence.capacity;
  }

  /** Would the ask stay within a guarantee of its own, so that it may take back what was borrowed? */
  isWithinGuarantee(ask: QuotaAsk, model: string): boolean {
    return this.touching(model).some((fence) => {
      const id = scopeIdOf(fence, ask);
      const quota = fence.quotas.get(id);
      return quota !== undefined && quota.guaranteed > 0 && (fence.used.get(id) ?? 0) + ask.gpus <= quota.guaranteed;
    });
  }

  /** Does the holder have more than its guarantee where `asker` has one, and is it another team or project? `gone`: what is given back already. */
  isBorrowing(holder: QuotaAsk, asker: QuotaAsk, model: string, gone: readonly QuotaAsk[] = []): boolean {
    return this.touching(model).some((fence) => {
      const [id, other] = [scopeIdOf(fence, holder), scopeIdOf(fence, asker)];
      if (id === other || (fence.quotas.get(other)?.guaranteed ?? 0) === 0) return false;
      const back = gone.reduce((sum, one) => sum + (scopeIdOf(fence, one) === id ? one.gpus : 0), 0);
      return (fence.used.get(id) ?? 0) - back > (fence.quotas.get(id)?.guaranteed ?? 0);
    });
  }
}

const scopeIdOf = (fence: Pick<Fence, "scope">, ask: QuotaAsk) => (fence.scope === "team" ? ask.teamId : ask.projectId);
