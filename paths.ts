/** Every URL of the console, as a function. `org` is the organization's slug. */
const org = (slug: string) => `/${slug}`;

export const paths = {
  home: () => "/",
  signIn: (next?: string) => (next ? `/sign-in?next=${encodeURIComponent(next)}` : "/sign-in"),
  setup: (token: string) => `/setup?token=${token}`,
  invite: (token: string) => `/invite/${token}`,
  overview: org,
  runs: (slug: string) => `${org(slug)}/runs`,
  newRun: (slug: string, from?: string, patch: SpecPatch = {}) => `${org(slug)}/runs/new${from ? `?${new URLSearchParams(Object.entries({ from, ...patch }).map(([key, value]) => [key, String(value)])).toString()}` : ""}`,
  compare: (slug: string, runs: readonly string[] = []) => `${org(slug)}/runs/compare${runs.length > 0 ? `?runs=${runs.join(",")}` : ""}`,
  compareAll: (slug: string) => `${org(slug)}/runs/compare/all`,
  run: (slug: string, id: string) => `${org(slug)}/runs/${id}`,
  runTab: (slug: string, id: string, tab: RunTab) => (tab === "summary" ? `${org(slug)}/runs/${id}` : `${org(slug)}/runs/${id}/${tab}`),
  reports: (slug: string) => `${org(slug)}/reports`,
  newReport: (slug: string) => `${org(slug)}/reports/new`,
  report: (slug: string, id: string) => `${org(slug)}/reports/${id}`,
  reportVersions: (slug: string, id: string) => `${org(slug)}/reports/${id}/versions`,
  editReport: (slug: string, id: string) => `${org(slug)}/reports/${id}/edit`,
  models: (slug: string) => `${org(slug)}/models`,
  datasets: (slug: string) => `${org(slug)}/models/datasets`,
  model: (slug: string, id: string) => `${org(slug)}/models/${id}`,
  modelTimeline: (slug: string, id: string) => `${org(slug)}/models/${id}/timeline`,
  modelVersion: (slug: string, id: string, version: number) => `${org(slug)}/models/${id}/versions/${version}`,
  clusters: (slug: string) => `${org(slug)}/clusters`,
  connectCluster: (slug: string) => `${org(slug)}/clusters/new`,
  cluster: (slug: string, id: string) => `${org(slug)}/clusters/${id}`,
  clusterTab: (slug: string, id: string, tab: ClusterTab) => (tab === "nodes" ? `${org(slug)}/clusters/${id}` : `${org(slug)}/clusters/${id}/${tab}`),
  queue: (slug: string) => `${org(slug)}/queue`,
  queueTab: (slug: string, tab: QueueTab) => (tab === "waiting" ? `${org(slug)}/queue` : `${org(slug)}/queue/${tab}`),
  costs: (slug: string) => `${org(slug)}/costs`,
  advice: (slug: string) => `${org(slug)}/costs/recommendations`,
  waste: (slug: string) => `${org(slug)}/costs/waste`,
  periods: (slug: string) => `${org(slug)}/costs/periods`,
  period: (slug: string, period: string) => `${org(slug)}/costs/periods/${period}`,
  outside: (slug: string) => `${org(slug)}/costs/outside`,
  reviews: (slug: string) => `${org(slug)}/costs/discrepancies`,
  budgets: (slug: string) => `${org(slug)}/costs/budgets`,
  schedules: (slug: string) => `${org(slug)}/costs/schedules`,
  embeds: (slug: string) => `${org(slug)}/costs/embeds`,
  embedFrame: (clientId: string) => `/embed/${clientId}`,
  prices: (slug: string) => `${org(slug)}/costs/prices`,
  people: (slug: string) => `${org(slug)}/people`,
  peopleTab: (slug: string, tab: PeopleTab) => (tab === "members" ? `${org(slug)}/people` : `${org(slug)}/people/${tab}`),
  member: (slug: string, id: string) => `${org(slug)}/people?member=${id}`,
  tokens: (slug: string) => `${org(slug)}/tokens`,
  tokensTab: (slug: string, tab: TokensTab) => (tab === "mine" ? `${org(slug)}/tokens` : `${org(slug)}/tokens/${tab}`),
  audit: (slug: string) => `${org(slug)}/audit`,
  settings: (slug: string) => `${org(slug)}/settings`,
  storage: (slug: string) => `${org(slug)}/settings/storage`,
};

/** What a copy of a run starts with in place of what the run had. */
export interface SpecPatch {
  memory?: number;
  cpus?: number;
  gpus?: number;
  maxDuration?: number;
  cluster?: string;
}

export const RUN_TABS = ["summary", "charts", "logs", "terminal", "artifacts", "timeline", "spec", "compare"] as const;
export type RunTab = (typeof RUN_TABS)[number];
export const CLUSTER_TABS = ["nodes", "scheduler", "telemetry", "events", "agent"] as const;
export type ClusterTab = (typeof CLUSTER_TABS)[number];
export const QUEUE_TABS = ["waiting", "running", "shares"] as const;
export type QueueTab = (typeof QUEUE_TABS)[number];
export type PeopleTab = "members" | "teams" | "invitations";
export type TokensTab = "mine" | "service-accounts" | "all";

/** First path words that are not organizations, so no organization may take them as its slug. */
export const RESERVED_SLUGS = ["api", "sign-in", "sign-out", "setup", "invite", "mlflow", "embed", "ingest", "health", "_next", "static", "favicon.ico", "icon.svg"];
