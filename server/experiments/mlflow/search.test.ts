import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, type Speaker } from "./testing.ts";

describe("a client's search of runs", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak();
    for (const [at, [name, status]] of ([["a", "running"], ["b", "succeeded"], ["c", "cancelled"], ["d", "failed"], ["e", "unreachable"], ["f", "starting"], ["g", "queued"]] as const).entries()) {
      const { run_id } = (await mlflow.post("runs/create", { run_name: name, start_time: 1_700_000_000_000 + at })).body.run.info;
      await server.sql`update runs set status = ${status} where id = ${run_id}`;
      ids.set(name, run_id as string);
    }
  });
  afterAll(() => server.close());

  const search = async (more: object): Promise<{ names: string[]; next: string | undefined }> => {
    const { body, text } = await mlflow.post("runs/search", { experiment_ids: ["0"], ...more });
    if (!body.runs) throw new Error(text);
    return { names: body.runs.map(({ info }: { info: { run_name: string } }) => info.run_name), next: body.next_page_token };
  };

  it("sorts statuses by the words that it is told, over pages as well", async () => {
    // FAILED d, FINISHED b, KILLED c, RUNNING a and e, SCHEDULED f and g; equals by their start, the latest first
    expect((await search({ order_by: ["status ASC"] })).names.join("")).toBe("dbceagf");
    const first = await search({ order_by: ["attributes.status DESC", "start_time ASC"], max_results: 3 });
    const rest = await search({ order_by: ["attributes.status DESC", "start_time ASC"], max_results: 9, page_token: first.next });
    expect([...first.names, ...rest.names].join("")).toBe("fgaecbd");
  });

  it("means by created when a run began, as MLflow does", async () => {
    expect((await search({ filter: "created > 1700000000004" })).names.join("")).toBe("gf");
    expect((await search({ filter: "attributes.Created <= 1700000000001", order_by: ["created ASC"] })).names.join("")).toBe("ab");
  });

  it("finds runs by where their artifacts are, as it is told", async () => {
    for (const location of [undefined, "s3://bucket/place", "mlflow-artifacts:/my/place/"]) {
      const { experiment_id } = (await mlflow.post("experiments/create", { name: `at ${location}`, artifact_location: location })).body;
      const { artifact_uri } = (await mlflow.post("runs/create", { experiment_id, run_name: "there" })).body.run.info;
      for (const filter of [`artifact_uri = '${artifact_uri}'`, `attributes.artifact_uri LIKE '${location?.replace(/\/$/, "") ?? "mlflow-artifacts:"}/%'`]) expect([filter, (await search({ experiment_ids: [experiment_id], filter })).names]).toEqual([filter, ["there"]]);
      expect((await search({ experiment_ids: [experiment_id], order_by: ["artifact_uri"] })).names).toEqual(["there"]);
    }
  });

  it("takes a tuple of one run, as Python writes it", async () => {
    expect((await search({ filter: `attributes.run_id IN ('${ids.get("c")}',)` })).names).toEqual(["c"]);
  });
});
