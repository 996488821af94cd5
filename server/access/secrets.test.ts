import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog, projectSecrets } from "../../db/schema/access.ts";
import { handOverSecrets } from "./commands/secrets.ts";
import { type TestServer, testServer } from "./testing.ts";

const VALUE = "hf_correct-horse-battery";
const AGENT = { type: "agent", id: "agt_1", name: "gpu01", tokenId: null } as const;

describe("secrets of a project", () => {
  let server: TestServer;
  let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
  let lead: Record<string, string>;
  let member: Record<string, string>;
  let projectId: string;
  beforeAll(async () => {
    server = await testServer();
    org = await server.make.org();
    projectId = org.project.id;
    lead = await server.as(await server.make.member(org, "owner"), org.slug);
    const worker = await server.make.user();
    await server.make.role(org, worker.id, "member", "project", projectId);
    member = await server.as(worker, org.slug);
  });
  afterAll(() => server.close());

  const set = (name: string, value: string, by = lead) => server.call(by, "access.setSecret", { projectId, name, value });
  const listed = async (by = lead) => (await server.query(by, "access.secrets", { projectId })).data as { name: string; lastUsedRun: string | null }[];
  const actions = async () => (await server.db.select({ action: auditLog.action }).from(auditLog).where(eq(auditLog.targetType, "secret")).orderBy(auditLog.id)).map((row) => row.action);

  it("are set, replaced and deleted by those who may, each time with its audit entry, and never shown again", async () => {
    expect((await set("HF_TOKEN", "the-first-value")).data).toEqual({ replaced: false });
    expect((await set("HF_TOKEN", VALUE)).data).toEqual({ replaced: true });
    expect((await set("OTHER", "another-value")).status).toBe(200);
    expect((await listed()).map(({ name }) => name)).toEqual(["HF_TOKEN", "OTHER"]);
    expect((await server.call(lead, "access.deleteSecret", { projectId, name: "OTHER" })).status).toBe(200);
    expect((await server.call(lead, "access.deleteSecret", { projectId, name: "OTHER" })).status).toBe(404);
    expect(await actions()).toEqual(["secret.create", "secret.replace", "secret.create", "secret.delete"]);
    const kept = JSON.stringify([await server.db.select().from(projectSecrets), await server.db.select().from(auditLog), await listed()]);
    expect(kept).not.toContain(VALUE);
    expect(kept).not.toContain("the-first-value");
  });
  it("are seen by name, and not changed, by those who only submit", async () => {
    expect((await listed(member)).map(({ name }) => name)).toEqual(["HF_TOKEN"]);
    expect((await set("HF_TOKEN", "something-else", member)).status).toBe(403);
    expect((await server.call(member, "access.deleteSecret", { projectId, name: "HF_TOKEN" })).status).toBe(403);
  });
  it.each([["short", "short", "value"], ["a blank", "          ", "value"], ["a bad name", "long-enough-value", "name"]])("refuse %s by field", async (says, value, field) => {
    const answer = await set(says === "a bad name" ? "1 TOKEN" : "TOKEN", value);
    expect(answer.status).toBe(400);
    expect(answer.error.data.issues.map((issue: { field: string }) => issue.field)).toContain(field);
  });
  it("must be there when a run that names them is submitted, and not be in env too", async () => {
    const submit = (over: object) => server.call(member, "experiments.submit", { spec: { name: "train", project: org.project.slug, command: "true", ...over } });
    expect((await submit({ secrets: ["NO_SUCH"] })).error.data.issues).toMatchObject([{ field: "secrets", message: expect.stringContaining("NO_SUCH") }]);
    expect((await submit({ secrets: ["HF_TOKEN"], env: { HF_TOKEN: "x" } })).error.data.issues).toMatchObject([{ field: "secrets" }]);
    expect((await submit({ secrets: ["HF_TOKEN"] })).status).toBe(200);
  });
  it("open only as the name and project that they were sealed for", async () => {
    const [row] = await server.db.select().from(projectSecrets);
    await server.db.insert(projectSecrets).values({ orgId: row!.orgId, projectId, name: "COPY", sealed: row!.sealed, setBy: "nobody" });
    const run = await submitted(["HF_TOKEN", "COPY", "GONE"]);
    const handed = await handOverSecrets(server.db, { orgId: row!.orgId, actor: AGENT }, [run.attemptId]);
    expect(handed.get(run.attemptId)).toEqual({ values: { HF_TOKEN: VALUE }, missing: ["COPY", "GONE"] });
    const [used] = await server.db.select().from(auditLog).where(eq(auditLog.action, "secret.use"));
    expect(used).toMatchObject({ targetName: "HF_TOKEN", projectId, actorId: AGENT.id, after: { runId: run.runId } });
    expect((await listed()).find(({ name }) => name === "HF_TOKEN")).toMatchObject({ lastUsedRun: "train" });
  });
  it("are handed to no agent of another organization", async () => {
    const run = await submitted(["HF_TOKEN"]);
    expect((await handOverSecrets(server.db, { orgId: "org_x", actor: AGENT }, [run.attemptId])).size).toBe(0);
  });

  async function submitted(secrets: string[]) {
    const cluster = await server.make.cluster(org);
    const run = await server.make.run(org.project, "usr_x", { name: "train", input: { secrets } });
    const attempt = await server.make.attempt(run, cluster.id);
    return { runId: run.id, attemptId: attempt.id };
  }
});
