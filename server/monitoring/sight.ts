import type { Permission } from "../../domain/access/permissions.ts";
import type { Change } from "../bus.ts";
import type { Ctx } from "../trpc/context.ts";
import { listReached, type OfProject } from "./queries.ts";

/** Whom the organization itself tells: ids of clusters, which all its people see, and its own. */
const OF_ORG = new Set(["cluster", "queue", "people", "audit", "costs"]);
/** What belongs to a project is told to those who may read it there. */
const OF_PROJECT: Record<string, { what: OfProject; permission: Permission }> = {
  run: { what: "run", permission: "runs:read" },
  "attempt-log": { what: "run", permission: "runs:read" },
  "run-metrics": { what: "run", permission: "runs:read" },
  "run-cost": { what: "run", permission: "costs:read" },
  model: { what: "model", permission: "models:read" },
  report: { what: "report", permission: "reports:read" },
};
const MOST_KNOWN = 20_000;

/** Other topics are between servers, workers and agents; browsers have no use for them. */
export const isTold = ({ topic }: Change): boolean => OF_ORG.has(topic) || topic in OF_PROJECT;

/** Of which changes a listener may know. What was looked up is kept until the listener's rights are looked at again. */
export class Sight {
  #ctx: Pick<Ctx, "db" | "grantFor">;
  readonly #known = new Map<string, boolean>();

  constructor(ctx: Pick<Ctx, "db" | "grantFor">) {
    this.#ctx = ctx;
  }

  renew(ctx: Pick<Ctx, "db" | "grantFor">): void {
    this.#ctx = ctx;
    this.#known.clear();
  }

  async of(changes: Change[]): Promise<Change[]> {
    const seen = new Set(changes.filter(({ topic }) => OF_ORG.has(topic)));
    for (const [permission, some] of Map.groupBy(changes, ({ topic }) => OF_PROJECT[topic]?.permission)) {
      const grant = permission && this.#ctx.grantFor(permission);
      if (!grant) continue;
      for (const [what, ofKind] of Map.groupBy(some, ({ topic }) => OF_PROJECT[topic]!.what)) {
        const known = grant.org ? null : this.#known;
        if (known) await this.#learn(grant, what, ofKind.map(({ id }) => id));
        for (const change of ofKind) if (!known || known.get(`${permission} ${change.id}`)) seen.add(change);
      }
    }
    return changes.filter((change) => seen.has(change));
  }

  async #learn(grant: NonNullable<ReturnType<Ctx["grantFor"]>>, what: OfProject, ids: string[]): Promise<void> {
    const fresh = [...new Set(ids)].filter((id) => !this.#known.has(`${grant.permission} ${id}`));
    if (fresh.length === 0) return;
    if (this.#known.size > MOST_KNOWN) this.#known.clear();
    const reached = await listReached(this.#ctx.db, grant, what, fresh);
    for (const id of fresh) this.#known.set(`${grant.permission} ${id}`, reached.has(id));
  }
}
