import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, type Speaker, tokenOf } from "../experiments/mlflow/testing.ts";

let server: Awaited<ReturnType<typeof mlflowServer>>;
let lead: Record<string, string>;
let mlflow: Speaker;
beforeAll(async () => {
  server = await mlflowServer();
  const person = await server.make.member(server.org, "team_lead");
  lead = await server.as(person, server.org.slug);
  mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, person, ["runs:read", "runs:log", "models:read", "models:write", "models:promote"])}`);
});
afterAll(() => server.close());

const model = async (name: string) => (await mlflow.post("registered-models/create", { name })).status;

describe("two who act at once", () => {
  it("register two versions of one new model, and neither is refused", async () => {
    const run = await server.make.run(server.org.project, server.member.id, { status: "succeeded" });
    await server.make.artifact(run, null, "model/weights.bin", Buffer.from("w"), "application/octet-stream");
    for (let time = 0; time < 5; time += 1) {
      const both = await Promise.all([1, 2, 3].map(() => server.call(lead, "models.register", { runId: run.id, path: "model", name: `new-${time}` })));
      expect(both.map(({ status, data }) => [status, data?.version]).toSorted()).toEqual([[200, 1], [200, 2], [200, 3]]);
    }
  });

  it("cannot give two models, or two experiments, the same name: one is told that it is taken", async () => {
    for (let time = 0; time < 5; time += 1) {
      const names = [1, 2, 3].map((at) => `${time}-${at}`);
      for (const name of names) expect(await model(name)).toBe(200);
      const renamed = await Promise.all(names.map((name) => mlflow.post("registered-models/rename", { name, new_name: `${time}-same` })));
      expect(renamed.map(({ status, body }) => [status, body.error_code]).toSorted()).toEqual([[200, undefined], ...Array.from({ length: 2 }, () => [400, "RESOURCE_ALREADY_EXISTS"])]);
      const ids = await Promise.all(names.map(async (name) => (await mlflow.post("experiments/create", { name })).body.experiment_id as string));
      const moved = await Promise.all(ids.map((experiment_id) => mlflow.post("experiments/update", { experiment_id, new_name: `${time}-same` })));
      expect(moved.map(({ status, body }) => [status, body.error_code]).toSorted()).toEqual([[200, undefined], ...Array.from({ length: 2 }, () => [400, "RESOURCE_ALREADY_EXISTS"])]);
    }
  });
});

describe("a number or a place that is not ours", () => {
  it("is refused or missing, and never an error of the server", async () => {
    await model("odd");
    const { id } = (await server.query(lead, "models.list", {})).data.items[0];
    const places = [["a", "b"], ["Infinity", "b"], [1e300, "b"], [1.5, "b"], ["1; drop", 2]].map((place) => Buffer.from(JSON.stringify(place)).toString("base64url"));
    for (const cursor of places) expect((await server.query(lead, "models.list", { cursor })).status).toBe(422);
    for (const page_token of places) expect(await mlflow.get(`registered-models/search?order_by=timestamp&page_token=${page_token}`)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    const beyond = 2 ** 31;
    for (const [path, input] of [["models.versions", { id, cursor: beyond }], ["models.events", { id, version: beyond }]] as const) expect([path, (await server.query(lead, path, input)).status]).toEqual([path, 422]);
    for (const [path, input] of [["models.describe", { id, version: beyond, description: "x" }], ["models.tag", { id, version: beyond, key: "a", value: "b" }]] as const) expect([path, (await server.call(lead, path, input)).status]).toEqual([path, 422]);
  });
});
