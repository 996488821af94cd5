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
