/** A change as the event stream tells it: what kind of thing, which one. */
export interface LiveChange {
  topic: string;
  id: string;
}

/** Which cached queries a change touches: a procedure, and for those of some things the input field that must hold the id, or be a list that does. */
export interface Touched {
  procedure: string;
  field?: string;
}

// Not table.search: its rows stay where they are; table.rows lays over them what their runs do.
const RUN_LISTS = ["experiments.list", "experiments.counts", "experiments.groups", "experiments.overview", "table.count", "table.newer", "table.groups"];

const QUEUE = ["queue.waiting", "queue.running", "queue.summary", "queue.explain"].map((procedure) => ({ procedure }));

/**
 * topic → procedures. The id in a change is the run's for `run`, `attempt-log` and `run-metrics`; the cluster's for `cluster`;
 * the organization's for `queue`, `people` and `audit`. An unknown topic touches nothing: newer servers may speak of more.
 */
const TOPICS: Record<string, Touched[]> = {
  run: [
    ...QUEUE,
    ...RUN_LISTS.map((procedure) => ({ procedure })),
    ...["get", "events", "artifacts", "metricKeys"].map((name) => ({ procedure: `experiments.${name}`, field: "id" })),
    ...["compare.runs", "compare.diff", "table.rows"].map((procedure) => ({ procedure, field: "ids" })),
    { procedure: "clusters.list" },
    { procedure: "clusters.get" },
  ],
  model: [{ procedure: "models.list" }, ...["get", "versions", "version", "events"].map((name) => ({ procedure: `models.${name}`, field: "id" }))],
  queue: [...QUEUE, ...RUN_LISTS.map((procedure) => ({ procedure })), { procedure: "experiments.plan" }, { procedure: "clusters.list" }],
  cluster: [
    ...QUEUE,
    { procedure: "clusters.list" },
    { procedure: "clusters.findings" },
    { procedure: "experiments.overview" },
    ...["get", "events", "telemetry"].map((name) => ({ procedure: `clusters.${name}`, field: "id" })),
  ],
  // Followers of a log page it forward themselves, by sequence number (components/experiments/log-viewer): a refetch would jump.
  "attempt-log": [],
  "run-metrics": [
    ...["metricKeys", "series", "systemSeries"].map((name) => ({ procedure: `experiments.${name}`, field: "id" })),
    ...["compare.keys", "compare.series", "compare.values", "table.rows"].map((procedure) => ({ procedure, field: "ids" })),
  ],
  people: ["me", "viewer", "people", "member", "grantable", "invitations", "teams", "tokens", "serviceAccounts", "myTokens", "secrets"].map((name) => ({ procedure: `access.${name}` })),
  report: [{ procedure: "reports.list" }, ...["get", "versions", "comments"].map((name) => ({ procedure: `reports.${name}`, field: "id" }))],
  costs: ["spend", "runs", "run", "ofRuns", "experiment", "prices", "budgets", "embeds", "periods", "period", "reviews", "schedules", "outsideAccounts", "facets"].map((name) => ({ procedure: `costs.${name}` })),
  "run-cost": [{ procedure: "costs.run", field: "id" }, { procedure: "costs.ofRuns", field: "ids" }],
  audit: [{ procedure: "access.auditLog" }],
};

/** What one batch of changes touches, each once. `id` is null where every query of the procedure is meant. */
export function touchedBy(changes: readonly LiveChange[]): { procedure: string; field: string | null; id: string | null }[] {
  const touched = new Map<string, { procedure: string; field: string | null; id: string | null }>();
  for (const { topic, id } of changes) {
    for (const { procedure, field } of TOPICS[topic] ?? []) {
      touched.set(field ? `${procedure} ${id}` : procedure, { procedure, field: field ?? null, id: field ? id : null });
    }
  }
  return [...touched.values()].filter((one) => one.id === null || !touched.has(one.procedure));
}

/** tRPC's query key: [["experiments", "get"], { input, type }]. */
export function keyIsTouched(queryKey: readonly unknown[], touched: { procedure: string; field: string | null; id: string | null }): boolean {
  const [path, options] = queryKey as [unknown, { input?: Record<string, unknown> } | undefined];
  if (!Array.isArray(path) || path.join(".") !== touched.procedure) return false;
  if (touched.field === null) return true;
  const held = options?.input?.[touched.field];
  return Array.isArray(held) ? held.includes(touched.id) : held === touched.id;
}

/** Wait before the nth reconnect, in ms: 1, 2, 4 … 30 s, spread so that a restarted server is not met by everybody at once. @param dice 0 to 1. */
export function reconnectDelay(attempt: number, dice: number): number {
  return Math.round(Math.min(30_000, 1000 * 2 ** attempt) * (0.7 + 0.3 * dice));
}
