import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { eq } from "drizzle-orm";
import { list } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clients } from "../db/client.ts";
import { attempts, runs } from "../db/schema/experiments.ts";
import type { Permission } from "../domain/access/permissions.ts";
import { buildApp } from "../server/app.ts";
import { ingestLogs } from "../server/experiments/commands/log-ingest.ts";
import { objectStore } from "../server/experiments/object-store.ts";
import { findObject } from "../server/experiments/queries/artifacts.ts";
import { type TestWorld, testWorld } from "../server/experiments/testing.ts";
import { buildProgram, type Ended, startProgram } from "./testing/program.ts";

let world: TestWorld;
let server: Server;
let url: string;
let token: string;
let clusterId: string;
const folder = mkdtempSync(join(tmpdir(), "drover-cli-test-"));
let program: string;
const RIGHTS: Permission[] = ["org:read", "projects:read", "clusters:read", "runs:read", "runs:submit", "runs:cancel", "runs:cancel-any"];

beforeAll(async () => {
  world = await testWorld();
  let handler: RequestListener = () => {};
  server = createServer((request, response) => handler(request, response));
  await listen(0);
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.DROVER_URL = url;
  handler = getRequestListener(buildApp().fetch);
  token = (await world.owner.api.access.createMyToken({ name: "cli", permissions: RIGHTS })).token;
  clusterId = (await world.makeCluster(world.org.id, "box", { cpus: 4, gpus: 1 })).id;
  program = await buildProgram(folder);
});
afterAll(async () => {
  await stopServer();
  await clients().close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
async function stopServer(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** `env` replaces who is signed in. */
function start(args: string[], { env = { DROVER_URL: url, DROVER_TOKEN: token }, cwd = folder, input }: { env?: Record<string, string>; cwd?: string; input?: string } = {}) {
  return startProgram(program, args, { cwd, env: { HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), ...env }, ...(input === undefined ? {} : { input }) });
}
async function drover(args: string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  const ended = await start(args, options).ended;
  expect(ended.err, args.join(" ")).not.toMatch(/\n\s+at .*\(|node:internal/); // never a stack
  return ended;
}
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 25))) if (await isSo()) return;
  expect.fail("it did not happen in 30 s");
}
function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}
const SPEC = "name: train\nproject: vision\ncommand: python train.py\n";

/** What an agent would do: start an attempt, write to its log, end it. */
async function startAttempt(runId: string) {
  const [run] = await world.db.update(runs).set({ status: "running", clusterId, startedAt: new Date(), attemptCount: 1 }).where(eq(runs.id, runId)).returning();
  const attempt = await world.makeAttempt(run!, clusterId, { status: "running", startedAt: new Date(), nodeNames: ["node-1"] });
  const next = { stdout: 0, stderr: 0 };
  return {
    write: async (stream: "stdout" | "stderr", text: string) => {
      const bytes = Buffer.from(text);
      await ingestLogs(world.sql, clusterId, [{ attemptId: attempt.id, fence: String(attempt.fence), stream, offset: next[stream], length: bytes.length, at: Date.now(), droppedBefore: 0, bytes }]);
      next[stream] += bytes.length;
    },
    end: async (exitCode: number) => {
      const outcome = exitCode === 0 ? "succeeded" : "failed";
      await world.db.update(attempts).set({ status: "ended", outcome, exitCode, endedAt: new Date(), drainedAt: new Date() }).where(eq(attempts.id, attempt.id));
      await world.db.update(runs).set({ status: outcome, endedAt: new Date(), statusReason: `Ended with exit code ${exitCode}.` }).where(eq(runs.id, runId));
    },
  };
}

describe("signing in", () => {
  it("keeps the token in a file that only its owner can read", async () => {
    const env = { XDG_CONFIG_HOME: join(folder, "fresh") };
    expect(await drover(["whoami"], { env })).toMatchObject({ code: 3, err: expect.stringContaining("drover login URL") });
    expect(await drover(["login", url, "--token", "drv_pat_wrong"], { env })).toMatchObject({ code: 3 });
    expect(await drover(["login", url, "--token", token], { env })).toMatchObject({ code: 0, err: expect.stringMatching(/Signed in to acme .*, Drover \S+\) as /i) });
    const file = join(folder, "fresh", "drover", "config.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await drover(["whoami"], { env })).toMatchObject({ code: 0, out: expect.stringContaining("Olga Owner") });
    // The token stays with the server that it belongs to.
    expect(await drover(["runs"], { env: { ...env, DROVER_URL: "http://127.0.0.1:9" } })).toMatchObject({ code: 3 });
    chmodSync(file, 0o600);
    writeFileSync(file, "{broken");
    expect(await drover(["whoami"], { env })).toMatchObject({ code: 1, err: expect.stringContaining("is damaged") });
  });

  it("with e-mail and password makes a personal token and keeps no password", async () => {
    const env = { XDG_CONFIG_HOME: join(folder, "password") };
    const { link } = await world.owner.api.access.invite({ email: "new@example.test", role: "member", scopeType: "project", scopeId: world.vision.id });
    await world.owner.api.access.acceptInvitation({ token: link.split("/").at(-1)!, name: "Nina New", password: "correct horse" }).catch(() => null);
    const ask = (password: string) => drover(["login", url, "--email", "new@example.test", "--password-stdin"], { env, input: `${password}\n` });
    expect(await ask("wrong password")).toMatchObject({ code: 3, err: expect.stringContaining("E-mail or password is wrong") });
    const good = await ask("correct horse");
    expect(good).toMatchObject({ code: 0, err: expect.stringContaining("Nina New") });
    expect(readFileSync(join(folder, "password", "drover", "config.json"), "utf8")).not.toContain("correct horse");
    const tokens = JSON.parse((await drover(["token", "list", "--json"], { env })).out) as { permissions: string[]; owner: { id: string } }[];
    expect(tokens[0]!.permissions).toContain("runs:submit");
    expect(tokens[0]!.permissions).not.toContain("clusters:manage"); // never more than its owner holds
    await world.owner.api.access.grantRole({ principalId: tokens[0]!.owner.id, role: "project_admin", scopeType: "project", scopeId: world.speech.id });
    expect(await drover(["token", "create", "ci", "--project", "vision", "--email", "new@example.test", "--password-stdin"], { env, input: "correct horse\n" })).toMatchObject({ code: 0, out: expect.stringMatching(/^drv_pat_/) });
  });

  it("says that the server cannot be reached", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, "127.0.0.1", resolve));
    const gone = `http://127.0.0.1:${(dead.address() as AddressInfo).port}`;
    await new Promise((resolve) => dead.close(resolve));
    expect(await drover(["runs"], { env: { DROVER_URL: gone, DROVER_TOKEN: token } })).toMatchObject({ code: 5, err: expect.stringContaining(`${gone} cannot be reached`) });
  });
});

describe("wrong use", () => {
  it.each([
    [["rums"], "Did you mean runs?"],
    [["run"], "Name a YAML file"],
    [["run", "nothing.yaml"], "There is no file nothing.yaml"],
    [["runs", "--limit", "none"], "Expected a whole number"],
    [["runs", "--status", "dead"], "Allowed choices are queued"],
    [["logs", "x", "--follow", "--json"], "does not go together"],
  ])("%j exits with 2 and says what is right", async (args, says) => {
    expect(await drover(args)).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });

  it("names the field and the line of a mistake in the file, before anything is asked or packed", async () => {
    const file = write("bad.yaml", `${SPEC}resources:\n  gpu: 1\nmaxDuration: soon\n`);
    const { code, err, out } = await drover(["run", file]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("bad.yaml is not a run:\n  line 5: resources.gpu: There is no field gpu in resources. Did you mean gpus?\n  line 6: maxDuration: Expected a duration");
  });

  it("names the line of what the server refuses", async () => {
    const file = write("refused.yaml", `${SPEC}resources:\n  nodes: 3\n`);
    expect(await drover(["run", file])).toMatchObject({ code: 1, err: expect.stringContaining("line 5: resources.nodes: The process driver runs on one node; asked for 3.") });
    expect(await drover(["run", write("p.yaml", SPEC), "--project", "nowhere"])).toMatchObject({ code: 1, err: expect.stringContaining("project: There is no such project") });
  });
});

describe("submitting", () => {
  it("prints the run's id and nothing else on stdout", async () => {
    const { code, out, err } = await drover(["run", write("ok.yaml", SPEC), "--name", "renamed", "--set", "params.lr=0.1", "--set", "tags.a.b=1", "--set", "resources.cpus=2"]);
    expect([code, err]).toEqual([0, expect.stringContaining("renamed is queued. Fits now on box.")]);
    const run = await world.owner.api.experiments.get({ id: out.trim() });
    expect(run).toMatchObject({ name: "renamed", params: { lr: "0.1" }, tags: { "a.b": "1" }, spec: { resources: { cpus: 2 } } });
  }, 30_000);

  it("shows the plan without submitting", async () => {
    const before = (await world.owner.api.experiments.counts({})).queued;
    expect(await drover(["run", write("plan.yaml", `${SPEC}resources:\n  gpus: 4\n`), "--plan"])).toMatchObject({ code: 1, out: expect.stringMatching(/✕ never .*\n\nCLUSTER .*\nbox .*resources\.gpus/s) });
    expect(JSON.parse((await drover(["run", "plan.yaml", "--plan", "--json", "--set", "resources.gpus=1", "--set", "priority=100"])).out)).toMatchObject({ verdict: "now", cluster: { name: "box" } });
    expect((await world.owner.api.experiments.counts({})).queued).toBe(before);
  });

  it("takes a command after --, and a key that makes a repeat harmless", async () => {
    const args = ["run", "--project", "vision", "--key", "only-once", "--json", "--", "python", "train.py", "--epochs", "3"];
    const [one, two] = [await drover(args), await drover(args)].map(({ out }) => JSON.parse(out) as { id: string; url: string });
    expect(one!.id).toBe(two!.id);
    expect(one!.url).toBe(`${url}/acme/runs/${one!.id}`);
    expect((await world.owner.api.experiments.get({ id: one!.id })).spec).toMatchObject({ name: "python", command: ["python", "train.py", "--epochs", "3"] });
  });

  it("packs a folder without what is ignored, and uploads the same files only once", async () => {
    const code = join(folder, "code");
    mkdirSync(join(code, "pkg", "data"), { recursive: true });
    mkdirSync(join(code, ".git"));
    const files = { "train.py": "print(1)", ".gitignore": "*.log\n/pkg/data\n!keep.log\n", "a.log": "x", "keep.log": "x", "secret.env": "x", ".droverignore": "secret.env\n", "pkg/mod.py": "x", "pkg/data/huge.bin": "x", "pkg/.gitignore": "*.tmp\n", "pkg/x.tmp": "x", "top.tmp": "x", ".git/config": "x", "ä ö.txt": "x" };
    for (const [path, text] of Object.entries(files)) writeFileSync(join(code, path), text);
    symlinkSync("train.py", join(code, "link.py"));
    const submit = () => drover(["run", "spec.yaml"], { cwd: code });
    writeFileSync(join(code, "spec.yaml"), `${SPEC}code: .\n`);
    const first = await submit();
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining("uploading 10 files") });
    const { spec } = await world.owner.api.experiments.get({ id: first.out.trim() });
    const packed: string[] = [];
    const archive = spec!.code as { sha256: string; bytes: number };
    await pipeline(objectStore().get((await findObject(world.db, world.org.id, archive.sha256))!), list({ onReadEntry: (one) => void packed.push(one.path) }));
    expect(packed.sort()).toEqual([".droverignore", ".gitignore", "keep.log", "link.py", "pkg/.gitignore", "pkg/mod.py", "spec.yaml", "top.tmp", "train.py", "ä ö.txt"].sort());
    const second = await submit();
    expect(second.err).toContain("already uploaded");
    expect((await world.owner.api.experiments.get({ id: second.out.trim() })).spec!.code).toEqual(archive);
    symlinkSync("../../outside", join(code, "leak"));
    expect(await submit()).toMatchObject({ code: 1, err: expect.stringContaining("The link leak points outside the folder") });
  });
});

describe("following", () => {
  it("shows both streams as they come, over a restart of the server, and exits as the run did", async () => {
    const follow = start(["run", write("follow.yaml", SPEC), "--follow"]);
    await until(() => /run_[0-9a-f-]{36}/.test(follow.said.err));
    const attempt = await startAttempt(/run_[0-9a-f-]{36}/.exec(follow.said.err)![0]);
    await attempt.write("stdout", "one\nhalf ");
    await attempt.write("stderr", "a warning\n");
    await until(() => follow.said.out === "one\nhalf " && follow.said.err.includes("a warning\n"));
    const port = Number(new URL(url).port);
    await stopServer();
    await until(() => follow.said.err.includes("cannot be reached"));
    await attempt.write("stdout", "é line\n");
    await listen(port);
    await until(() => follow.said.out === "one\nhalf é line\n");
    await attempt.write("stdout", "last");
    await attempt.end(7);
    const { code, out, err } = await follow.ended;
    expect([code, out]).toEqual([7, "one\nhalf é line\nlast"]);
    expect(err).toContain("Ended with exit code 7.");
  });

  it("ends with 0 when the run succeeds, and shows why it waits", async () => {
    const run = await world.makeRun({ name: "waits", pending: { kind: "busy", message: "box is busy." } });
    const follow = start(["logs", "waits", "--follow"]);
    await until(() => follow.said.err.includes("queued: box is busy."));
    const attempt = await startAttempt(run.id);
    await attempt.write("stdout", "done\n");
    await attempt.end(0);
    expect(await follow.ended).toMatchObject({ code: 0, out: "done\n" });
  });
});

describe("looking and acting", () => {
  it("gives the log byte for byte, its last lines, or its lines as JSON", async () => {
    const run = await world.makeRun({ name: "has-log" });
    const attempt = await startAttempt(run.id);
    await attempt.write("stdout", "one\ntwo\nthr");
    await attempt.write("stderr", "oops\n");
    await attempt.write("stdout", "ee\nopen");
    expect(await drover(["logs", "has-log"])).toMatchObject({ code: 0, out: "one\ntwo\nthroops\nee\nopen" });
    expect(await drover(["logs", run.id, "--stream", "stdout"])).toMatchObject({ out: "one\ntwo\nthree\nopen" });
    expect(await drover(["logs", "has-log", "--tail", "2"])).toMatchObject({ out: "three\nopen" });
    expect((JSON.parse((await drover(["logs", "has-log", "--json"])).out) as object[])[2]).toMatchObject({ stream: "stderr", text: "oops" });
    expect(await drover(["logs", "has-log", "--attempt", "9"])).toMatchObject({ code: 4 });
  });

  it("lists, shows, cancels and retries", async () => {
    const run = await world.makeRun({ name: "acts\u001b[2J" });
    const { out } = await drover(["runs", "--text", "acts", "--status", "queued", "cancelled"]);
    expect(out).toMatch(/^NAME .*\nacts·\[2J .*○ queued .*vision/);
    expect(out).not.toContain("\u001b[2J"); // somebody's name does not clear the screen
    expect(await drover(["cancel", run.id, "--reason", "no need"])).toMatchObject({ code: 0, out: expect.stringContaining("○ cancelled") });
    expect(await drover(["run", "show", run.id])).toMatchObject({ code: 0, out: expect.stringContaining("Cancelled by Olga Owner: no need.") });
    expect(await drover(["cancel", run.id])).toMatchObject({ code: 1, err: expect.stringContaining("It has already ended: cancelled.") });
    expect(await drover(["retry", run.id])).toMatchObject({ code: 0 });
    expect(JSON.parse((await drover(["show", run.id, "--json"])).out)).toMatchObject({ status: "queued", can: { cancel: { ok: true } } });
    expect(await drover(["show", "run_00000000-0000-7000-8000-000000000000"])).toMatchObject({ code: 4, err: expect.stringContaining("It does not exist, or you may not see it.") });
    expect(await drover(["show", "no-such-name"])).toMatchObject({ code: 4 });
  });

  it("shows clusters and refuses what the token may not do", async () => {
    expect(await drover(["clusters"])).toMatchObject({ code: 0, out: expect.stringMatching(/box .*process/) });
    expect(await drover(["clusters", "show", "box"])).toMatchObject({ code: 0, out: expect.stringContaining("node-1") });
    expect(await drover(["clusters", "show", "bx"])).toMatchObject({ code: 4, err: expect.stringContaining("Known: box") });
    expect(await drover(["clusters", "connect", "new"])).toMatchObject({ code: 1, err: expect.stringContaining("clusters:manage") });
  });

  it("says as JSON what it drained and what it revoked", async () => {
    const made = await world.owner.api.access.createMyToken({ name: "fleet", permissions: ["org:read", "clusters:read", "clusters:drain"] });
    const json = async (...args: string[]) => JSON.parse((await drover([...args, "--json"], { env: { DROVER_URL: url, DROVER_TOKEN: made.token } })).out) as object;
    expect(await json("clusters", "drain", "box", "--node", "node-1")).toEqual({ cluster: clusterId, node: expect.stringMatching(/^node_/), drained: true });
    expect(await json("clusters", "undrain", "box")).toEqual({ cluster: clusterId, node: null, drained: false });
    expect(await json("token", "revoke", "fleet")).toEqual({ id: made.id, state: "revoked" });
  });

  it("is named whole by ./drover help", async () => {
    const verbs = [...(await drover(["--help"])).out.split("Commands:")[1]!.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb!).filter((verb) => !["help", "version"].includes(verb));
    const help = spawnSync(process.execPath, [join(import.meta.dirname, "../scripts/drover.ts"), "help"], { encoding: "utf8" }).stdout;
    expect(verbs).toContain("whoami");
    for (const verb of verbs) expect(help.split("The command line")[1]).toMatch(new RegExp(`\\b${verb}\\b`));
  });

  it("prints completions that the shell can read", async () => {
    const { out } = await drover(["completion", "bash"]);
    const check = spawn("bash", ["-c", `${out}\nCOMP_WORDS=(drover clusters s); COMP_CWORD=2; _drover; echo "\${COMPREPLY[*]}"`]);
    let said = "";
    check.stdout.on("data", (part: Buffer) => (said += part.toString()));
    await new Promise((resolve) => check.once("close", resolve));
    expect(said.trim()).toBe("show");
    for (const shell of ["zsh", "fish"]) expect((await drover(["completion", shell])).out).toContain("drover");
  });
});
