/** Every URL of the console, as a function. `org` is the organization's slug. */
const org = (slug: string) => `/${slug}`;

export const paths = {
  home: () => "/",
  signIn: (next?: string) => (next ? `/sign-in?next=${encodeURIComponent(next)}` : "/sign-in"),
  setup: (token: string) => `/setup?token=${token}`,
  invite: (token: string) => `/invite/${token}`,
  overview: org,
  runs: (slug: string) => `${org(slug)}/runs`,
  newRun: (slug: string, from?: string) => `${org(slug)}/runs/new${from ? `?from=${from}` : ""}`,
  run: (slug: string, id: string) => `${org(slug)}/runs/${id}`,
  runTab: (slug: string, id: string, tab: RunTab) => (tab === "summary" ? `${org(slug)}/runs/${id}` : `${org(slug)}/runs/${id}/${tab}`),
  clusters: (slug: string) => `${org(slug)}/clusters`,
  connectCluster: (slug: string) => `${org(slug)}/clusters/new`,
  cluster: (slug: string, id: string) => `${org(slug)}/clusters/${id}`,
  clusterTab: (slug: string, id: string, tab: ClusterTab) => (tab === "nodes" ? `${org(slug)}/clusters/${id}` : `${org(slug)}/clusters/${id}/${tab}`),
  people: (slug: string) => `${org(slug)}/people`,
  tokens: (slug: string) => `${org(slug)}/tokens`,
  audit: (slug: string) => `${org(slug)}/audit`,
  settings: (slug: string) => `${org(slug)}/settings`,
};

export const RUN_TABS = ["summary", "charts", "logs", "artifacts", "timeline", "spec"] as const;
export type RunTab = (typeof RUN_TABS)[number];
export const CLUSTER_TABS = ["nodes", "telemetry", "events", "agent"] as const;
export type ClusterTab = (typeof CLUSTER_TABS)[number];

/** First path words that are not organizations, so no organization may take them as its slug. */
export const RESERVED_SLUGS = ["api", "sign-in", "sign-out", "setup", "invite", "mlflow", "embed", "ingest", "health", "_next", "static", "favicon.ico", "icon.svg"];
