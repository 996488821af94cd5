import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer } from "./testing.ts";

/** What clients send, as recorded from them, and what they get. `$run` and `$exp` stand for ids of answers before. */
const EXCHANGES: [method: "GET" | "POST", path: string, body?: object][] = [
  ["GET", "experiments/get-by-name?experiment_name=wire"],
  ["POST", "experiments/create", { name: "wire", tags: [{ key: "team", value: "blue" }] }],
  ["GET", "experiments/get?experiment_id=$exp"],
  ["POST", "experiments/create", { name: "wire" }],
  ["POST", "experiments/set-experiment-tag", { experiment_id: "$exp", key: "team", value: "green" }],
  ["POST", "experiments/search", { max_results: 10, view_type: "ACTIVE_ONLY", filter: "tags.team = 'green'" }],
  ["POST", "runs/create", { experiment_id: "$exp", user_id: "ada", run_name: "first", start_time: 1_700_000_000_000, tags: [{ key: "mlflow.user", value: "ada" }, { key: "mlflow.source.type", value: "LOCAL" }, { key: "mlflow.runName", value: "first" }] }],
  ["POST", "runs/log-parameter", { run_uuid: "$run", run_id: "$run", key: "lr", value: "0.1" }],
  ["POST", "runs/log-parameter", { run_uuid: "$run", run_id: "$run", key: "lr", value: "0.2" }],
  ["POST", "runs/log-metric", { run_uuid: "$run", run_id: "$run", key: "loss", value: 0.5, timestamp: "1700000000100", step: "1" }],
  ["POST", "runs/log-batch", { run_id: "$run", metrics: [{ key: "loss", value: "NaN", timestamp: 1_700_000_000_200, step: 2 }, { key: "top", value: "Infinity", timestamp: 1_700_000_000_200, step: "9223372036854775807" }], params: [{ key: "opt", value: "adam" }], tags: [{ key: "note", value: "x" }] }],
  ["POST", "runs/log-batch", { run_id: "$run", metrics: [{ key: "loss", value: "much", timestamp: 1 }] }],
  ["POST", "runs/set-tag", { run_uuid: "$run", run_id: "$run", key: "note", value: "y" }],
  ["POST", "runs/log-inputs", { run_id: "$run", datasets: [{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset: { name: "iris", digest: "d", source_type: "local", source: "{}" } }] }],
  ["GET", "runs/get?run_uuid=$run&run_id=$run"],
  ["GET", "metrics/get-history?run_uuid=$run&metric_key=loss&run_id=$run&max_results=25000"],
  ["GET", "metrics/get-history?run_uuid=$run&metric_key=loss&run_id=$run&max_results=1"],
  ["GET", "metrics/get-history-bulk-interval?run_ids=$run&metric_key=top&max_results=10"],
  ["POST", "runs/search", { experiment_ids: ["$exp"], filter: "params.lr = '0.1' and metrics.top > 1", run_view_type: "ACTIVE_ONLY", max_results: 1000, order_by: ["metrics.loss DESC"] }],
  ["POST", "runs/search", { experiment_ids: ["$exp"], filter: "metrics.loss >" }],
  ["POST", "runs/update", { run_uuid: "$run", run_id: "$run", status: "FINISHED", end_time: 1_700_000_001_000 }],
  ["POST", "runs/delete-tag", { run_id: "$run", key: "none" }],
  ["POST", "runs/delete", { run_id: "$run" }],
  ["POST", "runs/log-metric", { run_id: "$run", key: "loss", value: 1, timestamp: 1 }],
  ["POST", "runs/restore", { run_id: "$run" }],
  ["GET", "runs/get?run_id=run_none"],
  ["POST", "runs/unknown", {}],
];

describe("the wire", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  beforeAll(async () => (server = await mlflowServer()));
  afterAll(() => server.close());

  it("is byte for byte what clients were told before", async () => {
    const mlflow = server.speak();
    const ids = new Map<string, string>();
    const real = (text: string) => text.replaceAll(/\$(exp|run)\b/g, (name) => ids.get(name) ?? name);
    const plain = (text: string) => [...ids].reduce((so, [name, id]) => so.replaceAll(id, name), text).replaceAll(/"(creation_time|last_update_time)":\d+/g, '"$1":0').replaceAll(/"next_page_token":"[^"]+"/g, '"next_page_token":"…"');
    const lines: string[] = [];
    for (const [method, path, body] of EXCHANGES) {
      const answer = await mlflow.ask(method, real(path), body && real(JSON.stringify(body)));
      if (answer.body.experiment_id) ids.set("$exp", answer.body.experiment_id as string);
      if (path === "runs/create") ids.set("$run", answer.body.run.info.run_id as string);
      lines.push(`${method} ${path}${body ? `\n${JSON.stringify(body)}` : ""}\n${answer.status} ${plain(answer.text)}\n`);
    }
    await expect(lines.join("\n")).toMatchFileSnapshot("wire.golden.txt");
  });
});
