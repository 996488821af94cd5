import { createHash, randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifacts, objects } from "../../../db/schema/experiments.ts";
import { runToken } from "../run-token.ts";
import { mlflowServer, tokenOf, type Speaker } from "./testing.ts";


describe("MLflow's artifact proxy", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  let token: string;
  beforeAll(async () => {
    server = await mlflowServer();
    token = await tokenOf(server, server.org.slug, server.member, ["runs:read", "runs:log", "models:read", "models:write"]);
    mlflow = server.speak(undefined, `Bearer ${token}`);
  });
  afterAll(() => server.close());

  const newRun = async () => (await mlflow.post("runs/create", {})).body.run.info as { run_id: string; experiment_id: string; artifact_uri: string };
  const proxy = (method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}, auth = token) =>
    server.app.request(`/mlflow/p/${server.org.project.slug}/api/2.0/mlflow-artifacts/artifacts${path}`, { method, headers: { authorization: `Bearer ${auth}`, ...headers }, ...(body === undefined ? {} : { body }) });
  const rootOf = (run: { artifact_uri: string }) => `/${run.artifact_uri.slice("mlflow-artifacts:/".length)}`;

  it("keeps files of a run, gives them back whole and in ranges, and lists them like folders", async () => {
    const run = await newRun();
    const root = rootOf(run);
    const bytes = new Uint8Array(randomBytes(100_000));
    expect([(await proxy("PUT", `${root}/model/weights.bin`, bytes)).status, await (await proxy("PUT", `${root}/model/MLmodel`, "flavors: {}\n")).text()]).toEqual([200, "{}"]);
    await proxy("PUT", `${root}/a%20b%2Fc.txt`, "with a blank");
    await proxy("PUT", `${root}/empty.txt`, "");
    const whole = await proxy("GET", `${root}/model/weights.bin`);
    expect([whole.status, whole.headers.get("content-length"), whole.headers.get("etag")]).toEqual([200, "100000", `"${createHash("sha256").update(bytes).digest("hex")}"`]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await proxy("GET", `${root}/model/weights.bin`, undefined, { range: "bytes=10-19" });
    expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))]).toEqual([206, true]);
    const listed = (await (await proxy("GET", `?path=${encodeURIComponent(root.slice(1))}`)).json()) as { files: unknown };
    expect(listed.files).toEqual([{ path: "a b", is_dir: true }, { path: "empty.txt", is_dir: false, file_size: 0 }, { path: "model", is_dir: true }]);
    expect((await mlflow.get(`artifacts/list?run_id=${run.run_id}&path=model`)).body).toEqual({
      root_uri: run.artifact_uri,
      files: [{ path: "model/MLmodel", is_dir: false, file_size: 12 }, { path: "model/weights.bin", is_dir: false, file_size: 100_000 }],
    });
    const named = await server.app.request(`/mlflow/p/${server.org.project.slug}/get-artifact?run_id=${run.run_id}&path=a%20b/c.txt`, { headers: { authorization: `Bearer ${token}` } });
    expect(await named.text()).toBe("with a blank");
  });

  it("names the newer bytes by a path that is logged again, and keeps equal bytes once", async () => {
    const run = await newRun();
    const root = rootOf(run);
    for (const text of ["first", "second", "second"]) await proxy("PUT", `${root}/note.txt`, text);
    await proxy("PUT", `${root}/copy.txt`, "second");
    expect(await (await proxy("GET", `${root}/note.txt`)).text()).toBe("second");
    const rows = await server.db.select({ path: artifacts.path, sha256: artifacts.sha256 }).from(artifacts).where(eq(artifacts.runId, run.run_id));
    expect(rows.map(({ path }) => path).sort()).toEqual(["copy.txt", "note.txt"]);
    expect(new Set(rows.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await server.db.$count(objects, eq(objects.sha256, rows[0]!.sha256))).toBe(1);
  });

  it("deletes a file or a folder of what clients logged, and leaves what an attempt left", async () => {
    const run = await server.make.run(server.org.project, server.member.id, { status: "succeeded" });
    const cluster = await server.make.cluster(server.org);
    const attempt = await server.make.attempt(run, cluster.id, { status: "ended", outcome: "succeeded" });
    await server.make.artifact(run, attempt.id, "out/kept.txt", Buffer.from("kept"), "text/plain");
    const root = `/${run.experimentId}/${run.id}/artifacts`;
    for (const path of ["out/a.txt", "out/b/c.txt", "outer.txt"]) expect((await proxy("PUT", `${root}/${path}`, path)).status).toBe(200);
    expect(await (await proxy("DELETE", `${root}/out`)).text()).toBe("{}");
    expect((await mlflow.get(`artifacts/list?run_id=${run.id}`)).body.files).toEqual([{ path: "out", is_dir: true }, { path: "outer.txt", is_dir: false, file_size: 9 }]);
    expect((await mlflow.get(`artifacts/list?run_id=${run.id}&path=out`)).body.files).toEqual([{ path: "out/kept.txt", is_dir: false, file_size: 4 }]);
  });

  it("pages through a folder of any size", async () => {
    const run = await newRun();
    const sha256 = createHash("sha256").update("x").digest("hex");
    await server.db.insert(objects).values({ orgId: server.org.id, sha256, bytes: 1, kind: "artifact" }).onConflictDoNothing();
    await server.db.insert(artifacts).values(Array.from({ length: 2500 }, (_, at) => ({ orgId: server.org.id, runId: run.run_id, path: `many/${String(at).padStart(4, "0")}.txt`, sha256, bytes: 1, contentType: "text/plain" })));
    const paths: string[] = [];
    for (let token = ""; ; ) {
      const { body } = await mlflow.get(`artifacts/list?run_id=${run.run_id}&path=many${token && `&page_token=${token}`}`);
      paths.push(...body.files.map(({ path }: { path: string }) => path));
      if (!body.next_page_token) break;
      token = body.next_page_token as string;
    }
    expect([paths.length, new Set(paths).size, paths[0], paths.at(-1)]).toEqual([2500, 2500, "many/0000.txt", "many/2499.txt"]);
  });

  it("leads nowhere by a URL that climbs: it is another URL before anybody reads it", async () => {
    const run = await newRun();
    for (const path of ["%2e%2e/secret", "a/%2e%2e/../%2e%2e/x", "../../../x"]) expect([path, (await proxy("PUT", `${rootOf(run)}/${path}`, "x")).status]).toEqual([path, 404]);
    expect(await server.db.$count(artifacts, eq(artifacts.runId, run.run_id))).toBe(0);
  });

  it.each(["a%2F..%2Fx", "..%2Fx", "%2Fetc/passwd", "a%5Cb", "a%00b", ""])("refuses to write %j", async (path) => {
    const answer = await proxy("PUT", `${rootOf(await newRun())}/${path}`, "x");
    expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  });

  it("answers what is not there in MLflow's words", async () => {
    const run = await newRun();
    for (const path of [`${rootOf(run)}/none.txt`, "/exp/other/place", `/exp/run_01920000-0000-7000-8000-00000000000a/artifacts/x`]) {
      const answer = await proxy("GET", path);
      expect([path, answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([path, 404, "RESOURCE_DOES_NOT_EXIST"]);
    }
    const presigned = await server.app.request(`/mlflow/p/${server.org.project.slug}/api/2.0/mlflow-artifacts/presigned/x`, { headers: { authorization: `Bearer ${token}` } });
    expect([presigned.status, ((await presigned.json()) as { error_code: string }).error_code]).toEqual([501, "NOT_IMPLEMENTED"]); // then clients read it whole
  });

  it("holds the token of a run to its own files, and hides another project's", async () => {
    const run = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const cluster = await server.make.cluster(server.org);
    const attempt = await server.make.attempt(run, cluster.id, { status: "running" });
    const inside = runToken(attempt.id);
    const other = await newRun();
    expect((await proxy("PUT", `/${run.experimentId}/${run.id}/artifacts/mine.txt`, "mine", {}, inside)).status).toBe(200);
    for (const method of ["PUT", "GET", "DELETE"]) expect([method, (await proxy(method, `${rootOf(other)}/x.txt`, method === "PUT" ? "x" : undefined, {}, inside)).status]).toEqual([method, 404]);
    const far = await server.make.project(server.org, { teamId: (await server.make.team(server.org)).id, name: "far" });
    const theirs = await server.make.run(far, server.member.id);
    const absent = "run_01920000-0000-7000-8000-00000000000a";
    const texts = await Promise.all([theirs.id, absent].map(async (id) => (await (await proxy("GET", `/exp/${id}/artifacts/x`)).text()).replaceAll(id, absent)));
    expect(texts[0]).toBe(texts[1]);
  });

  it("needs runs:log to write", async () => {
    const reader = await tokenOf(server, server.org.slug, server.member, ["runs:read"]);
    expect((await proxy("PUT", `${rootOf(await newRun())}/x`, "x", {}, reader)).status).toBe(403);
  });
});
