import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, tokenOf, type Speaker } from "./testing.ts";

let server: Awaited<ReturnType<typeof mlflowServer>>;
let mlflow: Speaker;
beforeAll(async () => {
  server = await mlflowServer();
  const lead = await server.make.member(server.org, "team_lead");
  mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, lead, ["runs:read", "runs:log", "models:read", "models:write", "models:promote"])}`);
});
afterAll(() => server.close());

const newRun = async () => (await mlflow.post("runs/create", {})).body.run.info as { run_id: string; experiment_id: string; artifact_uri: string };
const version = (name: string, more: object) => mlflow.post("model-versions/create", { name, ...more });

describe("the files of a registered version", () => {
  const put = (path: string, body: string) => mlflow.ask("PUT", `!2.0/mlflow-artifacts/artifacts/${path}`, body);
  const drop = (path: string) => mlflow.ask("DELETE", `!2.0/mlflow-artifacts/artifacts/${path}`);
  const read = async (path: string) => (await mlflow.get(`!2.0/mlflow-artifacts/artifacts/${path}`)).text;
  const KEPT = { status: 409, body: { error_code: "RESOURCE_CONFLICT", message: expect.stringContaining("belongs to version 1 of") } };
  const OK = { status: 200 };
  const root = (run: { experiment_id: string; run_id: string }) => `${run.experiment_id}/${run.run_id}/artifacts`;

  it("may be logged again and again until it is registered, and then stay as they are, until the version is deleted", async () => {
    const run = await newRun();
    const files = root(run);
    for (const body of ["first", "second"]) expect(await put(`${files}/model/w.bin`, body)).toMatchObject(OK);
    await mlflow.post("registered-models/create", { name: "kept" });
    await version("kept", { source: `runs:/${run.run_id}/model` });
    await mlflow.post("model-versions/transition-stage", { name: "kept", version: "1", stage: "Production" });
    expect(await put(`${files}/model/w.bin`, "third")).toMatchObject(KEPT);
    expect(await put(`${files}/model/more.py`, "import os")).toMatchObject(KEPT); // a file more may be another model
    expect(await put(`${files}/model/w.bin`, "second")).toMatchObject(OK); // a client's second try
    const begun = await mlflow.post(`!2.0/mlflow-artifacts/mpu/create/${files}/model`, { path: "/w.bin", num_parts: 1 });
    const [part] = begun.body.credentials as { url: string; headers: Record<string, string> }[];
    const sent = await server.app.request(part!.url, { method: "PUT", body: "third", headers: part!.headers });
    expect(await mlflow.post(`!2.0/mlflow-artifacts/mpu/complete/${files}/model`, { path: "/w.bin", upload_id: begun.body.upload_id, parts: [{ part_number: 1, etag: sent.headers.get("etag"), url: "" }] })).toMatchObject(KEPT);
    for (const path of ["model/w.bin", "model", ""]) expect(await drop(`${files}/${path}`)).toMatchObject(KEPT);
    expect(await read(`${files}/model/w.bin`)).toBe("second");
    for (const path of ["notes.txt", "model2/w.bin", "models"]) expect([path, await put(`${files}/${path}`, "beside it")]).toMatchObject([path, OK]);
    expect(await drop(`${files}/notes.txt`)).toMatchObject(OK);
    await mlflow.ask("DELETE", "model-versions/delete", { name: "kept", version: "1" });
    expect(await put(`${files}/model/w.bin`, "third")).toMatchObject(OK);
    expect(await drop(`${files}/model`)).toMatchObject(OK);
  });

  it("are those of its logged model too, which stays while the version does", async () => {
    const run = await newRun();
    const { model_id, experiment_id } = (await mlflow.post("logged-models", { experiment_id: run.experiment_id, name: "net", source_run_id: run.run_id })).body.model.info as { model_id: string; experiment_id: string };
    const file = `${experiment_id}/models/${model_id}/artifacts/w.bin`;
    for (const body of ["first", "second"]) expect(await put(file, body)).toMatchObject(OK);
    await mlflow.post("registered-models/create", { name: "kept-logged" });
    await version("kept-logged", { source: `models:/${model_id}` });
    expect(await put(file, "third")).toMatchObject(KEPT);
    for (const other of ["more.py", "code/more.py"]) expect(await put(file.replace("w.bin", other), "import os")).toMatchObject(KEPT);
    expect(await drop(file)).toMatchObject(KEPT);
    expect(await mlflow.ask("DELETE", `logged-models/${model_id}`)).toMatchObject({ status: 409, body: { message: expect.stringContaining("Delete that version first") } });
    expect(await read(file)).toBe("second");
    await mlflow.ask("DELETE", "registered-models/delete", { name: "kept-logged" });
    expect(await mlflow.ask("DELETE", `logged-models/${model_id}`)).toMatchObject(OK);
  });

  it("of a version that is a whole run are what there is: more may still be logged", async () => {
    const run = await newRun();
    const files = root(run);
    await put(`${files}/w.bin`, "first");
    await mlflow.post("registered-models/create", { name: "kept-run" });
    await version("kept-run", { source: run.artifact_uri });
    expect(await put(`${files}/w.bin`, "second")).toMatchObject(KEPT);
    expect(await drop(`${files}/w.bin`)).toMatchObject(KEPT);
    expect(await put(`${files}/plot.png`, "later")).toMatchObject(OK);
  });
});
