import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { archive, COUNTING, drained, enrolled, expectWhole, isRunning, order } from "./testing/agent-process.ts";

type World = Awaited<ReturnType<typeof enrolled>>;

describe("an agent over real HTTP", () => {
  let world: World;
  beforeEach(async () => {
    world = await enrolled();
  });
  afterEach(() => world.close());

  it("runs what is wanted and sends all of it: logs, points, artifacts, the end", async () => {
    const { server, agent } = world;
    const code = await archive({ "main.sh": `${COUNTING}; mkdir -p out; echo made > out/a.txt; ln -s /etc/passwd out/stolen; exit 3`, "other.txt": "x" });
    server.objects.set(code.sha256, code.bytes);
    const wanted = order(["sh", "main.sh"], { code: { kind: "archive", sha256: code.sha256, bytes: code.bytes.length }, artifacts: ["out/**"] });
    server.want(wanted);
    agent.start();
    const report = await drained(server, wanted.attemptId);
    expect(report.exit).toMatchObject({ cause: "exited", code: 3 });
    expect(report.exit.lastLines).toContain("err 59");
    expect(server.get(wanted.attemptId).reports.map(({ state }) => state)).toEqual(expect.arrayContaining(["running", "exited"]));
    expectWhole(server, wanted.attemptId);
    expect(server.get(wanted.attemptId).manifest?.files.map(({ path: name }) => name)).toEqual(["out/a.txt"]);
    await until("the folder to go", async () => (await readdir(path.join(agent.state, "attempts"))).length === 0);
    expect(server.nodes?.[0]).toMatchObject({ name: "here", state: "up" });
  });

  it("gives the process what it needs to know, and none of the agent's own secrets", async () => {
    const { server, agent } = world;
    const wanted = order("env", { env: { MINE: "yes" }, params: { lr: 0.5 } });
    server.want(wanted);
    agent.start({ DATABASE_URL: "postgres://secret", DROVER_SECRET: "secret" });
    await drained(server, wanted.attemptId);
    const env = Object.fromEntries(server.get(wanted.attemptId).stdout.toString().split("\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    expect(env).toMatchObject({ MINE: "yes", DROVER_RUN_ID: wanted.spec?.runId, DROVER_ATTEMPT: "1", DROVER_ATTEMPT_ID: wanted.attemptId, DROVER_PARAMS: '{"lr":0.5}', RANK: "0", WORLD_SIZE: "1", CUDA_VISIBLE_DEVICES: "", PYTHONUNBUFFERED: "1" });
    expect(env.DATABASE_URL).toBeUndefined();
    expect(env.DROVER_SECRET).toBeUndefined();
    expect(env.DROVER_AGENT_STATE).toBeUndefined();
  });

  it("waits as long as its server takes, and shorter at one that does not say", async () => {
    const { server, agent } = world;
    server.leaseSeconds = 90;
    agent.start();
    await until("a wait", async () => server.waits.size > 1);
    expect([...server.waits]).toEqual([0, 30]);
    server.longestWait = undefined;
    server.waits.clear();
    server.want(order("true"));
    await until("a wait", async () => server.waits.has(25));
    expect(Math.max(...server.waits)).toBe(25);
  });

  it("sends who held what and for how long, also of what nobody wants any more", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 0.4");
    const unwanted = order("sleep 300", { graceSeconds: 1 });
    server.want(wanted, unwanted);
    agent.start();
    await drained(server, wanted.attemptId);
    const [open, close] = server.get(wanted.attemptId).usage;
    expect(open).toMatchObject({ kind: "open", holds: [{ node: "here", accelerators: [], gpus: 0 }] });
    expect(close).toMatchObject({ kind: "close", evidence: "measured" });
    expect(close?.kind === "close" && close.lifeMs).toBeGreaterThanOrEqual(390);
    await until("the other to be open", async () => server.get(unwanted.attemptId).usage.length === 1);
    server.stopWanting(unwanted.attemptId);
    await until("it to be closed all the same", async () => server.get(unwanted.attemptId).usage.at(-1)?.kind === "close");
    await until("its folder to go", async () => (await readdir(path.join(agent.state, "attempts"))).length === 0);
  });

  it("stops a job when told to, within its grace", async () => {
    const { server, agent } = world;
    const wanted = order('trap "echo saved; exit 0" TERM; echo up; while :; do sleep 0.05; done');
    server.want(wanted);
    agent.start();
    await until("it to be up", async () => server.get(wanted.attemptId).stdout.includes("up"));
    server.order(wanted.attemptId, "cancelled");
    const report = await drained(server, wanted.attemptId);
    expect(report.exit).toMatchObject({ cause: "stopped", code: 0 });
    expect(server.get(wanted.attemptId).stdout.toString()).toBe("up\nsaved\n");
  });

  it("kills a job that ignores the stop when its grace is over", async () => {
    const { server, agent } = world;
    const wanted = order('trap "" TERM; echo up; while :; do sleep 0.05; done', { graceSeconds: 1 });
    server.want(wanted);
    agent.start();
    await until("it to be up", async () => server.get(wanted.attemptId).stdout.includes("up"));
    server.order(wanted.attemptId);
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "stopped", signal: "SIGKILL" });
  });

  it("never starts what was stopped before it came to it", async () => {
    const { server, agent } = world;
    const wanted = order("echo started", {});
    server.want({ ...wanted, action: "stop", reason: "cancelled", spec: null });
    agent.start();
    const report = await drained(server, wanted.attemptId);
    expect(report).toMatchObject({ startedAt: null, exit: { cause: "stopped", code: null } });
    expect(server.get(wanted.attemptId).stdout.length).toBe(0);
  });

  it("ends a job that outlives its limit", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 60", { maxDurationSeconds: 1 });
    server.want(wanted);
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "timeout", signal: "SIGTERM" });
  });

  it("stops what the server no longer wants, and says no more about it", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 60");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    server.stopWanting(wanted.attemptId);
    await until("its folder to go", async () => (await readdir(path.join(agent.state, "attempts"))).length === 0);
    expect(server.report(wanted.attemptId)?.exit).toBeNull();
  });

  it("stops what was given to another: a stale fence", async () => {
    const { server, agent } = world;
    const wanted = order("while :; do echo tick; sleep 0.1; done");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    server.get(wanted.attemptId).fence = "8";
    await until("its folder to go", async () => (await readdir(path.join(agent.state, "attempts"))).length === 0);
    expect(server.report(wanted.attemptId)?.exit).toBeNull();
  });

  it("refuses what the machine's policy forbids, naming the rule", async () => {
    const { server, agent } = world;
    const file = path.join(agent.state, "policy.json");
    const policy = JSON.parse(await readFile(file, "utf8")) as object;
    await writeFile(file, JSON.stringify({ ...policy, commands: ["python3? .*"] }));
    const wanted = order("rm -rf /tmp/nothing");
    server.want(wanted);
    agent.start();
    const report = await drained(server, wanted.attemptId);
    expect(report).toMatchObject({ state: "refused", exit: { cause: "policy", detail: expect.stringContaining("policy.json, commands") as string } });
    expect(server.policy).toContain("python3? .*");
  });

  it.runIf(process.getuid?.() === 0)("runs jobs as the account that the policy names, which can write what is the job's and nothing of the agent's", async () => {
    const { server, agent } = world;
    const file = path.join(agent.state, "policy.json");
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, "utf8")) as object), runAs: "nobody" }));
    const wanted = order('id -un; echo made > out.txt; echo step > "$DROVER_CHECKPOINT_DIR/last"; echo direct > /dev/stderr; cat ../spec.json; touch ../exit; ls ../..', { artifacts: ["out.txt"] });
    server.want(wanted);
    agent.start();
    const report = await drained(server, wanted.attemptId);
    const seen = server.get(wanted.attemptId);
    expect(seen.stdout.toString()).toBe("nobody\n");
    expect(seen.stderr.toString()).toMatch(/^direct\n[^]*Permission denied[^]*Permission denied[^]*Permission denied/);
    expect(seen.manifest?.files.map(({ path: name }) => name)).toEqual(["out.txt"]);
    expect(report.exit.code).not.toBe(0);
  });

  it("gives secrets to the process alone: not to its log, its journal or its last words, also when another agent goes on", async () => {
    const { server, agent } = world;
    const secret = "correct-horse-battery";
    const wanted = order(`printf 'it is %s' "\${HF_TOKEN%battery}"; sleep 1.5; echo "\${HF_TOKEN#correct-horse-}" | tee /dev/stderr; echo "also $HF_TOKEN" >&2; [ "$(printf %s "$HF_TOKEN" | wc -c)" -eq ${secret.length} ] && exit 4`, { secrets: { values: { HF_TOKEN: secret }, missing: [] } });
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    await agent.kill();
    const folder = path.join(agent.state, "attempts", wanted.attemptId);
    const journal = await Promise.all((await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && !entry.name.startsWith("std")).map(({ name }) => readFile(path.join(folder, name), "utf8")));
    expect(journal.filter((text) => text.includes(secret))).toEqual([]);
    agent.start();
    const report = await drained(server, wanted.attemptId);
    expect(report.exit).toMatchObject({ code: 4 });
    const seen = server.get(wanted.attemptId);
    expect(seen.stdout.toString()).toBe(`it is ${"*".repeat(secret.length)}\n`);
    expect(seen.stderr.toString()).toBe(`battery\nalso ${"*".repeat(secret.length)}\n`);
    expect(JSON.stringify(server.attempts.get(wanted.attemptId)!.reports)).not.toContain(secret);
    expect(report.exit?.lastLines.at(-1)).toBe(`also ${"*".repeat(secret.length)}`);
  });

  it("does not start a run without a secret that it names", async () => {
    const { server, agent } = world;
    const wanted = order("echo started", { secrets: { values: {}, missing: ["HF_TOKEN"] } });
    server.want(wanted);
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringContaining("HF_TOKEN") as string });
    expect(server.get(wanted.attemptId).stdout.length).toBe(0);
  });

  it("says what is wrong with code that cannot be used", async () => {
    const { server, agent } = world;
    const bytes = Buffer.from("this is no archive");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    server.objects.set(sha256, bytes);
    const bad = order("true", { code: { kind: "archive", sha256, bytes: bytes.length } });
    const missing = order("true", { code: { kind: "archive", sha256: "0".repeat(64), bytes: 1 } });
    server.want(bad, missing);
    agent.start();
    expect((await drained(server, bad.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringContaining("archive") as string });
    expect((await drained(server, missing.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringContaining("not_found") as string });
  });
});
