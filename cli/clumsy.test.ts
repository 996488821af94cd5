import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clients } from "../db/client.ts";
import { runs } from "../db/schema/experiments.ts";
import { buildApp } from "../server/app.ts";
import { type TestWorld, testWorld } from "../server/experiments/testing.ts";
import { buildProgram, type Ended, startProgram } from "./testing/program.ts";

let world: TestWorld;
let server: Server;
let url: string;
let token: string;
let program: string;
const folder = mkdtempSync(join(tmpdir(), "drover-clumsy-"));

beforeAll(async () => {
  world = await testWorld();
  let handler: RequestListener = () => {};
  server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.DROVER_URL = url;
  handler = getRequestListener(buildApp().fetch);
  token = (await world.owner.api.access.createMyToken({ name: "cli", permissions: ["org:read", "projects:read", "clusters:read", "runs:read", "runs:submit", "runs:cancel", "runs:cancel-any"] })).token;
  program = await buildProgram(folder);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await clients().close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (env: Record<string, string> = {}) => ({ HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), DROVER_URL: url, DROVER_TOKEN: token, ...env });
const drover = (args: string[], env: Record<string, string> = {}): Promise<Ended> => startProgram(program, args, { cwd: folder, env: environment(env) }).ended;

/** With standard output and error where a shell would have put them. */
async function shell(line: string): Promise<{ code: number | null; err: string }> {
  const child = spawn("bash", ["-c", `set -o pipefail; drover() { "${process.execPath}" "${program}" "$@"; }; ${line}`], { cwd: folder, env: { PATH: process.env.PATH!, NODE_ENV: "test", ...environment() } });
  let err = "";
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  return { code: await new Promise((resolve) => child.once("close", resolve)), err };
}

describe("several runs at once", () => {
  it("are each cancelled, whatever is wrong with one of them", async () => {
    for (const name of ["one", "two"]) await world.makeRun({ name });
    const ended = await drover(["cancel", "one", "missing", "two"]);
    expect(ended).toMatchObject({ code: 4, out: "one: ○ cancelled\ntwo: ○ cancelled\n", err: expect.stringContaining("missing: There is no run missing") });
    expect(await drover(["cancel", "one", "missing", "two", "--json"])).toMatchObject({ out: expect.stringMatching(/^\[/), code: expect.not.stringMatching("0") });
  });

  it("are each queued again, and those that were are told as JSON", async () => {
    const made = await Promise.all(["red", "green"].map((name) => world.makeRun({ name, status: "cancelled", endedAt: new Date() })));
    const { code, out, err } = await drover(["retry", "red", "missing", "green", "--json"]);
    expect([code, JSON.parse(out)]).toEqual([4, made.map(({ id }) => ({ id, status: "queued" }))]);
    expect(err).toContain("missing: There is no run missing");
  });
});

describe("what is said to a terminal", () => {
  it("moves no cursor, whoever wrote the reason", async () => {
    const run = await world.makeRun({ name: "evil" });
    await world.db.update(runs).set({ status: "cancelled", endedAt: new Date(), statusReason: "gone \u001b]0;owned\u0007\u001b[2J" }).where(eq(runs.id, run.id));
    for (const args of [["show", "evil"], ["logs", "evil", "--follow"]]) {
      const { out, err } = await drover(args);
      expect(out + err).toContain("gone ·]0;owned");
      // oxlint-disable-next-line no-control-regex
      expect(out + err).not.toMatch(/\u001b|\u0007/);
    }
  });
});

describe("where the output goes", () => {
  it("says so when there is no room for it", async () => {
    for (const args of ["runs --json", "whoami", "completion bash"]) expect(await shell(`drover ${args} > /dev/full`)).toMatchObject({ code: 1, err: expect.stringContaining("The output cannot be written") });
  });
  it("ends without a word when nobody reads it, errors and hints neither", async () => {
    expect(await shell("drover completion bash | head -c 1 >/dev/null")).toEqual({ code: 0, err: "" });
    expect(await shell("(drover runs --status nonsense; echo $? >&3) 3>&2 2>&1 | true")).toMatchObject({ err: "2\n" });
  });
});

describe("the address and the token", () => {
  it.each([["drover.example.com"], ["ftp://drover.example.com"], ["http://"]])("DROVER_URL=%s is named as no address", async (wrong) => {
    expect(await drover(["runs"], { DROVER_URL: wrong })).toMatchObject({ code: 2, err: expect.stringContaining(`${wrong} is not an address`) });
  });
  it("a token keeps its secret when a line end came with it, and works", async () => {
    expect(await drover(["runs"], { DROVER_TOKEN: `${token}\r\n` })).toMatchObject({ code: 0 });
    const odd = await drover(["runs"], { DROVER_TOKEN: "drv_pat_sec\nret" });
    expect([odd.code, odd.err]).toEqual([3, expect.not.stringContaining("sec")]);
    const typed = await drover(["login", url, "--token", "drv_pat_sec\u0001ret"]);
    expect([typed.code, typed.err]).toEqual([3, expect.not.stringContaining("sec")]);
  });
  it("of this machine need no scheme", async () => {
    const { port } = new URL(url);
    expect(await drover(["login", `127.0.0.1:${port}`, "--token", token])).toMatchObject({ code: 0, err: expect.stringContaining(`(http://127.0.0.1:${port}`) });
  });
});

describe("a file that is none", () => {
  it("is named, with 2", async () => {
    mkdirSync(join(folder, "folder"), { recursive: true });
    expect(await drover(["run", "folder"])).toMatchObject({ code: 2, err: expect.stringContaining("folder is a folder") });
    writeFileSync(join(folder, "ok.yaml"), "name: x\nproject: vision\ncommand: x\n");
    expect(await drover(["run", "ok.yaml", "--set", "params.lr=[1"])).toMatchObject({ code: 2, err: expect.stringContaining("--set params.lr=[1: [1 is not YAML") });
    expect(await drover(["run", "ok.yaml", "--set", "name.x=1"])).toMatchObject({ code: 2, err: expect.stringContaining("name is not a group of fields") });
  });
});
