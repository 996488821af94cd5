import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, performServerHandshake } from "node:http2";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Surroundings } from "../attempts/prepare.ts";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import { ProcessDriver } from "../drivers/process.ts";
import { commandLine, listProcesses } from "../drivers/processes.ts";
import { DEFAULT_POLICY, type Policy } from "../policy.ts";
import { OPEN_HEADER, OPEN_PATH, type Opening } from "../protocol/messages.ts";
import { Openings } from "./openings.ts";

const ADA = "usr_ada";
const SHELL = "11111111-1111-4111-8111-111111111111";

let home: string;
let app: Server;
let openings: Openings;
let session: ClientHttp2Session;
const record = { id: "att_1", fence: "7", ended: false, report: { state: "running" }, secrets: {}, folder: {}, intent: {}, spec: {} } as unknown as AttemptRecord;

/** The two ends of a tunnel, in one process; the terminals, the processes and the ports are real. */
async function openTunnel(policy: Policy = DEFAULT_POLICY, account: Surroundings["account"] = null): Promise<void> {
  const driver = await ProcessDriver.open({ nodeName: "here", stateHome: home, hasGit: false, cgroups: null });
  const around = { policy, account, accounts: new Map(), state: { checkpoint: () => path.join(home, "checkpoint") }, client: { origin: "http://localhost" }, drainedNodes: () => [] } as unknown as Surroundings;
  openings = new Openings({ driver, around, supervisor: { find: (id: string) => (id === record.id ? record : undefined) } as unknown as Supervisor });
  const [near, far] = duplexPair();
  const server = performServerHandshake(far);
  server.on("stream", (stream, headers) => void openings.serve(stream, headers));
  session = connect("http://agent", { createConnection: () => near });
}

function open(opening: Partial<Opening> & { kind: Opening["kind"] }): { stream: ClientHttp2Stream; status: Promise<number>; text: () => string } {
  const whole = { attemptId: record.id, fence: "7", ...(opening.kind === "port" ? {} : { terminal: SHELL, by: ADA, rows: 30, cols: 100 }), ...opening };
  const stream = session.request({ ":method": "POST", ":path": OPEN_PATH, [OPEN_HEADER]: JSON.stringify(whole) });
  let said = "";
  stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  stream.on("error", () => {});
  return { stream, status: new Promise((resolve) => stream.once("response", (headers) => resolve(Number(headers[":status"])))), text: () => said };
}

async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within 10 s: ${what()}`);
}

/** Processes that name this test's folder. */
async function leftBehind(): Promise<number[]> {
  const found = await Promise.all((await listProcesses()).map(async ({ pid, zombie }) => (!zombie && (await commandLine(pid)).some((word) => word.includes(home)) ? [pid] : [])));
  return found.flat();
}

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-openings-"));
  app = createServer((socket) => socket.on("data", (chunk) => socket.write(`heard ${chunk.toString()}`)));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as { port: number };
  Object.assign(record.folder, { home, work: home });
  record.intent = { at: 0, accelerators: [], port: null, appPort: port };
  record.spec = { runId: "run_1", runName: "bench", attemptNumber: 1, project: "p", command: "sleep 1", code: null, env: { FROM_SPEC: "as asked", HOME: home }, params: {}, launcher: "none", nodes: 1, gpus: 0, interactive: { token: "t" } } as unknown as AttemptRecord["spec"];
});
afterEach(async () => {
  openings.terminals.close();
  session.destroy();
  app.close();
  await until(async () => (await leftBehind()).length === 0, () => "a terminal was left behind"); // however early it was closed
  await rm(home, { recursive: true, force: true });
});

describe("a terminal in an attempt", () => {
  it("is a shell in the attempt's folder and environment, with a size that follows the window", async () => {
    await openTunnel();
    const shell = open({ kind: "terminal" });
    expect(await shell.status).toBe(200);
    shell.stream.write('echo "$FROM_SPEC in $PWD of $DROVER_RUN_NAME"; stty size\n');
    await until(() => shell.text().includes(`as asked in ${home} of bench`) && shell.text().includes("30 100"), shell.text);
    expect(await open({ kind: "resize", rows: 44, cols: 133 }).status).toBe(200);
    shell.stream.write("stty size\n");
    await until(() => shell.text().includes("44 133"), shell.text);
  });

  it.runIf(process.getuid?.() === 0)("as another account, takes no program of the run's own PATH while it is root still", async () => {
    await openTunnel(DEFAULT_POLICY, { name: "nobody", uid: 65_534, gid: 65_534, home: "/" });
    await chmod(home, 0o777);
    for (const name of ["script", "stty", "chown", "setpriv"]) await writeFile(path.join(home, name), `#!/bin/sh\nid -u >> ${home}/hijacked\nexec /usr/bin/${name} "$@"\n`, { mode: 0o755 });
    record.spec!.env = { ...record.spec!.env, PATH: `${home}:/usr/bin:/bin` };
    const shell = open({ kind: "terminal" });
    expect(await shell.status).toBe(200);
    shell.stream.write('echo "$(id -u), $FROM_SPEC, $PATH"\n');
    await until(() => shell.text().includes(`65534, as asked, ${home}:/usr/bin:/bin`), shell.text);
    expect(await readFile(path.join(home, "hijacked"), "utf8").catch(() => "nobody's")).toBe("nobody's");
  });

  it("goes on without anybody, and is found again by who opened it, with what it wrote before", async () => {
    await openTunnel();
    const first = open({ kind: "terminal" });
    await first.status;
    first.stream.write("LEFT=behind; echo ready-$((40+2))\n");
    await until(() => first.text().includes("ready-42"), first.text);
    first.stream.destroy();
    const second = open({ kind: "terminal" });
    expect(await second.status).toBe(200);
    await until(() => second.text().includes("ready-42"), second.text);
    second.stream.write("echo $LEFT; exit\n");
    await until(() => second.text().includes("The shell ended"), second.text);
    expect(second.text()).toContain("behind");
  });

  it("is nobody else's: to another person it does not exist", async () => {
    await openTunnel();
    await open({ kind: "terminal" }).status;
    const other = open({ kind: "terminal", by: "usr_eve" });
    expect(await other.status).toBe(404);
    expect(await open({ kind: "resize", by: "usr_eve" }).status).toBe(404);
  });

  it("ends after sixteen of them are open, by name", async () => {
    await openTunnel();
    const ids = Array.from({ length: 17 }, (_, at) => `11111111-1111-4111-8111-1111111111${String(at).padStart(2, "0")}`);
    const states = await Promise.all(ids.map((terminal) => open({ kind: "terminal", terminal }).status));
    expect(states.filter((status) => status === 409)).toHaveLength(1);
  });
});

describe("the port of an attempt", () => {
  it("is reached through the tunnel, bytes both ways", async () => {
    await openTunnel();
    const port = open({ kind: "port" });
    expect(await port.status).toBe(200);
    port.stream.write("hello");
    await until(() => port.text() === "heard hello", port.text);
  });

  it("says that nothing answers there yet", async () => {
    await openTunnel();
    app.close();
    record.intent!.appPort = 1; // nobody listens
    const port = open({ kind: "port" });
    expect(await port.status).toBe(502);
    await until(() => port.text().includes("Nothing answers at DROVER_PORT yet"), port.text);
  });
});

describe("an opening is refused", () => {
  it.each([
    ["with another fence", { fence: "6" }, 404],
    ["of an attempt that is not here", { attemptId: "att_2" }, 404],
    ["with a terminal that is no UUID", { terminal: "../../etc/passwd" }, 400],
    ["with a window of no size", { rows: 0 }, 400],
    ["with a field that the protocol does not have", { command: "rm -rf /" }, 400],
  ] as [string, object, number][])("%s", async (_how, more, status) => {
    await openTunnel();
    expect(await open({ kind: "terminal", ...more }).status).toBe(status);
  });

  it("by the policy of the machine, whatever the server says", async () => {
    await openTunnel({ ...DEFAULT_POLICY, interactive: false });
    const shell = open({ kind: "terminal" });
    expect(await shell.status).toBe(403);
    await until(() => shell.text().includes("policy.json, interactive"), shell.text);
  });

  it("once the run has ended", async () => {
    await openTunnel();
    Object.assign(record, { ended: true });
    expect(await open({ kind: "port" }).status).toBe(409);
    Object.assign(record, { ended: false });
  });
});
