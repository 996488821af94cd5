import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startS3Server } from "../../../scripts/test/s3-server.ts";
import { objectStore } from "../object-store.ts";
import { runToken } from "../run-token.ts";
import { mlflowServer, tokenOf } from "./testing.ts";

// In a bucket; the client's own scripts send theirs to a folder.
describe("MLflow's multipart upload", () => {
  let s3: Awaited<ReturnType<typeof startS3Server>>;
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let run: { id: string; root: string };
  beforeAll(async () => {
    s3 = await startS3Server();
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", DROVER_OBJECTS: `s3://${s3.bucket}?endpoint=${s3.endpoint}` });
    server = await mlflowServer();
    const made = await server.make.run(server.org.project, server.member.id, { status: "running" });
    run = { id: made.id, root: `${made.experimentId}/${made.id}/artifacts` };
  }, 300_000);
  afterAll(async () => {
    await server?.close();
    await s3?.stop();
  });

  const bearer = (auth: string) => ({ authorization: `Bearer ${auth}` });
  const proxied = (path: string) => `/mlflow/p/${server.org.project.slug}/api/2.0/mlflow-artifacts/${path}`;
  async function ask(act: string, folder: string, body: object, auth = server.token) {
    const answer = await server.app.request(proxied(`mpu/${act}/${folder}`), { method: "POST", headers: bearer(auth), body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { upload_id: string; credentials: Credential[]; message?: string } };
  }
  interface Credential { url: string; part_number: number; headers: Record<string, string> }
  interface Part { part_number: number; etag: string; url: string }
  async function send({ url, part_number, headers }: Credential, bytes: Uint8Array): Promise<Part> {
    const answer = await server.app.request(url, { method: "PUT", headers, body: new Uint8Array(bytes) });
    expect(answer.status, await answer.text()).toBe(200);
    return { part_number, etag: answer.headers.get("etag")!, url };
  }
  const begin = async (name: string, parts: number, folder = run.root) => (await ask("create", folder, { path: `/home/ada/${name}`, num_parts: parts })).body;
  const complete = (name: string, upload_id: string, parts: Part[], folder = run.root) => ask("complete", folder, { path: `/home/ada/${name}`, upload_id, parts });
  const fetched = async (path: string) => {
    const answer = await server.app.request(proxied(`artifacts/${run.root}/${path}`), { headers: bearer(server.token) });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()), etag: answer.headers.get("etag") };
  };
  const stored = async () => {
    let count = 0;
    for await (const _ of objectStore().list()) count += 1;
    return count;
  };

  it("makes one file of parts that came in any order, some of them twice, and leaves nothing else", async () => {
    const bytes = [randomBytes(300_000), randomBytes(300_000), randomBytes(7)];
    const { upload_id, credentials } = await begin("big ö 1.bin", 3, `${run.root}/model/deep`);
    expect(credentials.map(({ part_number, headers }) => [part_number, headers])).toEqual([1, 2, 3].map((part) => [part, { Authorization: `Bearer ${server.token}` }]));
    const before = await stored();
    const third = await send(credentials[2]!, bytes[2]!);
    await send(credentials[0]!, randomBytes(10));
    const [first, second] = await Promise.all([send(credentials[0]!, bytes[0]!), send(credentials[1]!, bytes[1]!)]);
    for (const _again of [1, 2]) expect(await complete("big ö 1.bin", upload_id, [first, second, third], `${run.root}/model/deep`)).toMatchObject({ status: 200, body: {} }); // a client that got no answer asks again
    const whole = Buffer.concat(bytes);
    const file = await fetched("model/deep/big%20%C3%B6%201.bin");
    expect([file.bytes.equals(whole), file.etag]).toEqual([true, `"${createHash("sha256").update(whole).digest("hex")}"`]);
    expect(await stored()).toBe(before + 1);
    await ask("abort", `${run.root}/model/deep`, { path: "big ö 1.bin", upload_id }); // too late: it is there
    expect((await fetched("model/deep/big%20%C3%B6%201.bin")).bytes.equals(whole)).toBe(true);
  });

  it("names a part that is missing or another than was told, and goes on from there", async () => {
    const { upload_id, credentials } = await begin("gap.bin", 2);
    const first = await send(credentials[0]!, Buffer.from("one, "));
    expect(await complete("gap.bin", upload_id, [first])).toMatchObject({ status: 400, body: { message: expect.stringMatching(/Part 2 of 2 has not come/) } });
    const second = await send(credentials[1]!, Buffer.from("two"));
    expect(await complete("gap.bin", upload_id, [first, { ...second, etag: first.etag }])).toMatchObject({ status: 400, body: { message: expect.stringMatching(/Part 2 of 2 is not the one that is named/) } });
    expect((await fetched("gap.bin")).status).toBe(404);
    expect((await complete("gap.bin", upload_id, [first, second])).status).toBe(200);
    expect((await fetched("gap.bin")).bytes.toString()).toBe("one, two");
  });

  it("makes nothing of a part that rotted in the store", async () => {
    const { upload_id, credentials } = await begin("rotten.bin", 1);
    const part = await send(credentials[0]!, Buffer.from("sound"));
    const [{ key }] = (await server.sql`select key from client_upload_parts where upload_id = ${upload_id}`) as unknown as [{ key: string }];
    const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    expect((await fetch(`${s3.endpoint}/${s3.bucket}/${key}`, { method: "PUT", body: "wrong", headers: { authorization } })).ok).toBe(true);
    expect((await complete("rotten.bin", upload_id, [part])).status).toBe(503);
    expect((await fetched("rotten.bin")).status).toBe(404);
    await send(credentials[0]!, Buffer.from("sound"));
    expect((await complete("rotten.bin", upload_id, [part])).status).toBe(200);
  });

  it("keeps nothing of an upload that was broken off, and knows no more of it", async () => {
    const before = await stored();
    const { upload_id, credentials } = await begin("off.bin", 2);
    const part = await send(credentials[0]!, Buffer.from("half"));
    for (const _again of [1, 2]) expect((await ask("abort", run.root, { path: "off.bin", upload_id })).status).toBe(200);
    expect(await stored()).toBe(before);
    expect((await complete("off.bin", upload_id, [part])).status).toBe(404);
    expect((await server.app.request(credentials[1]!.url, { method: "PUT", headers: credentials[1]!.headers, body: "x" })).status).toBe(404);
  });

  it("forgets what nobody went on with for most of a day", async () => {
    const { upload_id } = await begin("old.bin", 1);
    await server.sql`update client_uploads set created_at = now() - interval '21 hours' where id = ${upload_id}`;
    await begin("new.bin", 1);
    expect(await server.sql`select id from client_uploads where id = ${upload_id}`).toEqual([]);
  });

  it.each([[0], [10_001], [1.5], ["2"]])("refuses %j parts", async (num_parts) => {
    expect(await ask("create", run.root, { path: "x.bin", num_parts })).toMatchObject({ status: 400, body: { message: expect.stringMatching(/num_parts/) } });
  });

  it.each([["/home/ada/"], [""], [".."], ["a\\b"], ["a\u0000b"]])("refuses the file %j", async (path) => {
    expect((await ask("create", run.root, { path, num_parts: 1 })).status).toBe(400);
  });

  it("takes a file's name as its client's machine writes paths", async () => {
    const { upload_id, credentials } = (await ask("create", run.root, { path: "C:\\Users\\ada\\win.bin", num_parts: 1 })).body;
    const part = await send(credentials[0]!, Buffer.from("w"));
    expect((await ask("complete", run.root, { path: "C:\\Users\\ada\\win.bin", upload_id, parts: [part] })).status).toBe(200);
    expect((await fetched("win.bin")).bytes.toString()).toBe("w");
  });

  it("is for those who may write there: a run to its own files, nobody to another file's upload", async () => {
    const reader = await tokenOf(server, server.org.slug, server.member, ["runs:read"]);
    expect((await ask("create", run.root, { path: "x", num_parts: 1 }, reader)).status).toBe(403);
    const other = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const attempt = await server.make.attempt(other, (await server.make.cluster(server.org)).id, { status: "running" });
    expect((await ask("create", run.root, { path: "x", num_parts: 1 }, runToken(attempt.id))).status).toBe(404);
    const own = await ask("create", `${other.experimentId}/${other.id}/artifacts`, { path: "x", num_parts: 1 }, runToken(attempt.id));
    expect(own.status).toBe(200);
    const { upload_id, credentials } = await begin("mine.bin", 1);
    const elsewhere = credentials[0]!.url.replace("mine.bin", "yours.bin");
    expect((await server.app.request(elsewhere, { method: "PUT", headers: credentials[0]!.headers, body: "x" })).status).toBe(404);
    expect((await complete("yours.bin", upload_id, [])).status).toBe(404);
  });
});
