import { CLUSTER_TABS, paths, QUEUE_TABS, RUN_TABS } from "../paths.ts";
import type { World } from "./world.ts";

/**
 * Every page of the console. A new page belongs here: it is then looked at in light, in dark and on a telephone, and its
 * JavaScript is weighed (bench/start.ts).
 */
export const CONSOLE_PAGES: Record<string, (world: World) => string> = {
  overview: ({ org }) => paths.overview(org.slug),
  runs: ({ org }) => paths.runs(org.slug),
  "new run": ({ org }) => paths.newRun(org.slug),
  ...Object.fromEntries(RUN_TABS.map((tab) => [`run ${tab}`, ({ org, finished }: World) => paths.runTab(org.slug, finished.id, tab)])),
  compare: ({ org, finished, failed }) => paths.compare(org.slug, [finished.id, failed.id]),
  "compare nothing": ({ org }) => paths.compare(org.slug),
  "compare parallel": ({ org, finished, failed }) => `${paths.compare(org.slug, [finished.id, failed.id])}&show=parallel`,
  "compare metrics": ({ org, finished, failed }) => `${paths.compare(org.slug, [finished.id, failed.id])}&show=table&base=${finished.id}`,
  "compare differences": ({ org, finished, failed }) => `${paths.compare(org.slug, [finished.id, failed.id])}&show=diff`,
  "run that failed": ({ org, failed }) => paths.run(org.slug, failed.id),
  "run that waits": ({ org, waiting }) => paths.run(org.slug, waiting.id),
  reports: ({ org }) => paths.reports(org.slug),
  report: ({ org, report }) => paths.report(org.slug, report.id),
  "report versions": ({ org, report }) => paths.reportVersions(org.slug, report.id),
  "edit report": ({ org, report }) => paths.editReport(org.slug, report.id),
  models: ({ org }) => paths.models(org.slug),
  "model versions": ({ org, model }) => paths.model(org.slug, model.id),
  "model timeline": ({ org, model }) => paths.modelTimeline(org.slug, model.id),
  "model version": ({ org, model }) => paths.modelVersion(org.slug, model.id, 1),
  "data sets": ({ org }) => paths.datasets(org.slug),
  clusters: ({ org }) => paths.clusters(org.slug),
  "connect a cluster": ({ org }) => paths.connectCluster(org.slug),
  ...Object.fromEntries(CLUSTER_TABS.map((tab) => [`cluster ${tab}`, ({ org, cluster }: World) => paths.clusterTab(org.slug, cluster.id, tab)])),
  ...Object.fromEntries(QUEUE_TABS.map((tab) => [`queue ${tab}`, ({ org }: World) => paths.queueTab(org.slug, tab)])),
  costs: ({ org }) => paths.costs(org.slug),
  waste: ({ org }) => paths.waste(org.slug),
  periods: ({ org }) => paths.periods(org.slug),
  period: ({ org }) => paths.period(org.slug, new Date().toISOString().slice(0, 7)),
  budgets: ({ org }) => paths.budgets(org.slug),
  embeds: ({ org }) => paths.embeds(org.slug),
  prices: ({ org }) => paths.prices(org.slug),
  people: ({ org }) => paths.people(org.slug),
  teams: ({ org }) => paths.peopleTab(org.slug, "teams"),
  invitations: ({ org }) => paths.peopleTab(org.slug, "invitations"),
  tokens: ({ org }) => paths.tokens(org.slug),
  "service accounts": ({ org }) => paths.tokensTab(org.slug, "service-accounts"),
  "all tokens": ({ org }) => paths.tokensTab(org.slug, "all"),
  audit: ({ org }) => paths.audit(org.slug),
  settings: ({ org }) => paths.settings(org.slug),
  "not found": ({ org }) => paths.run(org.slug, "run_00000000-0000-7000-8000-000000000000"),
};
