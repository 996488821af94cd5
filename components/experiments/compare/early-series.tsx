import { interestingFirst } from "../../../domain/experiments/chart-model.ts";
import type { ComparedKeys, ComparedRun } from "../../../domain/experiments/compare/view.ts";
import classes from "./compare.module.css";
import type { CompareState } from "./compare-params.ts";
import { CHART_HEIGHT, keysOfPanels, panelsOf, SHOWN, shownPart } from "./series-input.ts";

/** As the page's own client would ask (components/providers/early.ts finds the answer by the question). It runs as it is written, in the browser, with what is given to it. */
function ask(page: string, height: number, org: string, ids: string[], charts: string[][], shown: object): void {
  const url = "/api/trpc/compare.series";
  const around = document.querySelector(page);
  const count = around ? Number(getComputedStyle(around).getPropertyValue("--columns")) * Math.ceil(window.innerHeight / height) : 0;
  const early = new Map<string, Promise<Response>>();
  for (const key of charts.slice(0, count).flat()) {
    const body = JSON.stringify({ json: { ids, key, ...shown } });
    const answer = fetch(url, { method: "POST", headers: { "content-type": "application/json", "x-drover-org": org }, body });
    answer.catch(() => {}); // told to whoever asks for it
    early.set(`${url} ${body}`, answer);
  }
  window.droverEarly = early;
  setTimeout(() => early.clear(), 20_000);
}

/**
 * Asks for the charts on screen as soon as the page's frame is there: the server reduces them while the browser still loads and
 * starts the page's script, which takes it longer.
 */
export function EarlySeries({ org, state, runs, keys }: { org: string; state: CompareState; runs: ComparedRun[]; keys: ComparedKeys }) {
  const metricKeys = interestingFirst(keys.metrics.map(({ key }) => key));
  const ids = runs.map(({ id }) => id).filter((id) => !state.hide.includes(id));
  if (ids.length === 0 || state.show !== "charts") return null;
  const charts = keysOfPanels(panelsOf(state, metricKeys, SHOWN), metricKeys);
  const given = [`.${classes.columns}`, CHART_HEIGHT, org, ids, charts, shownPart(state)].map((one) => JSON.stringify(one).replaceAll("<", "\\u003c"));
  return <script dangerouslySetInnerHTML={{ __html: `(${ask.toString()})(${given.join(",")})` }} />;
}
