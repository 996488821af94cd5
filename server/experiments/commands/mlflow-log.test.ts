import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../../../db/schema/columns.ts";
import { mlflowServer, type Speaker } from "../mlflow/testing.ts";
import { logInputs } from "./mlflow-log.ts";

let server: Awaited<ReturnType<typeof mlflowServer>>;
let mlflow: Speaker;
beforeAll(async () => {
  server = await mlflowServer();
  mlflow = server.speak();
});
afterAll(() => server.close());

const newRun = async (more: object = {}) => (await mlflow.post("runs/create", more)).body.run.info.run_id as string;

/** That no compression makes shorter. */
function longText(length: number): string {
  let seed = 7;
  const dice = () => (seed = (seed * 48_271) % 2_147_483_647);
  return Array.from({ length }, () => String.fromCodePoint(0x4e00 + (dice() % 20_000))).join("");
}

it("runs that read the same data sets at once, each in an order of its own, never wait for each other in a ring", async () => {
  const sets = Array.from({ length: 40 }, (_, at) => ({ name: `set ${at}`, digest: "d", sourceType: "local", source: "{}", schema: null, profile: null, tags: {} }));
  const runs = await Promise.all(Array.from({ length: 8 }, () => newRun()));
  const of = (runId: string) => ({ orgId: server.org.id, projectId: server.org.project.id, runId, newId: () => newId("dataset") });
  for (let round = 0; round < 3; round += 1) {
    const done = await Promise.allSettled(runs.map((runId, at) => logInputs(server.sql, of(runId), at % 2 === 0 ? sets : sets.toReversed())));
    expect(done.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []))).toEqual([]);
  }
  expect(await server.sql`select 1 from run_inputs where run_id = any(${runs})`).toHaveLength(8 * 40);
});

it("a data set's name or digest that is longer than MLflow keeps is refused, with its measure, wherever it is given", async () => {
  const id = await newRun();
  const logged = (dataset: object) => mlflow.post("runs/log-inputs", { run_id: id, datasets: [{ tags: [], dataset: { name: "n", digest: "d", source_type: "local", source: "{}", ...dataset } }] });
  const measured = (dataset: object) => mlflow.post("runs/log-metric", { run_id: id, key: "m", value: 1, timestamp: 1, step: 1, model_id: "m-1", dataset_name: "n", dataset_digest: "d", ...dataset });
  const refused = (what: string, most: number) => ({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: `Dataset ${what} exceeds the maximum length of ${most}` } });
  expect(await logged({ name: longText(501) })).toMatchObject(refused("name", 500));
  expect(await logged({ digest: longText(37) })).toMatchObject(refused("digest", 36));
  expect(await measured({ dataset_name: longText(501) })).toMatchObject(refused("name", 500));
  expect(await measured({ dataset_digest: longText(37) })).toMatchObject(refused("digest", 36));
  expect(await logged({ name: longText(500), digest: longText(36) })).toMatchObject({ status: 200 });
});
