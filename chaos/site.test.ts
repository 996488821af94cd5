import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "./processes.ts";
import { type Loss, Site } from "./site.ts";

const site = Site.make();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  if (typeof site !== "string") site.remove();
});

const names = () => execFileSync("ip", ["netns", "list"], { encoding: "utf8" }).split("\n").map((line) => line.split(" ")[0]!);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a program there. @returns all that it printed so far. */
function inside({ enter }: Site, program: string): () => string {
  const [file, ...args] = [...enter, process.execPath, "-e", program];
  const child = spawn(file!, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return () => said;
}

/** Says a word to the server's machine every 20 ms, and prints what comes back. */
async function talk(there: Site): Promise<{ asked: () => number; answered: () => number; socket: Socket }> {
  let asked = 0;
  const socket = createSocket("udp4", (message, { port, address }) => {
    asked += 1;
    socket.send(message, port, address);
  });
  socket.bind(0, there.server);
  await once(socket, "listening");
  const said = inside(there, `const s = require("node:dgram").createSocket("udp4", () => process.stdout.write(".")); setInterval(() => s.send("?", ${socket.address().port}, "${there.server}"), 20)`);
  return { asked: () => asked, answered: () => said().length, socket };
}

describe.skipIf(typeof site === "string")("the agents' own network", () => {
  const there = site as Site;

  it.each<{ what: Loss; asks: boolean }>([{ what: "everything", asks: false }, { what: "requests", asks: false }, { what: "answers", asks: true }])("loses $what while it is told to, and nothing before and after", async ({ what, asks }) => {
    const { asked, answered, socket } = await talk(there);
    await until("answers", async () => answered() > 5, 10);
    const heal = there.cut(what);
    await pause(100); // for what was under way
    const before = [asked(), answered()];
    await pause(400);
    const after = [asked(), answered()];
    heal();
    expect(after[0]! > before[0]!).toBe(asks);
    expect(after[1]).toBe(before[1]);
    await until("answers again", async () => answered() > after[1]! + 5, 10);
    socket.close();
  });

  it("is cut until the last of several cuts is over", async () => {
    const { answered, socket } = await talk(there);
    await until("answers", async () => answered() > 5, 10);
    const [first, second, other] = [there.cut("everything"), there.cut("everything"), there.cut("answers")];
    first();
    other();
    await pause(100);
    const before = answered();
    await pause(300);
    expect(answered()).toBe(before);
    second();
    await until("answers again", async () => answered() > before + 5, 10);
    socket.close();
  });

  it("tells nobody: a connection stays open over a cut, a new one waits, and both go on afterwards", async () => {
    const heard: string[] = [];
    const server = createServer((socket) => socket.on("error", () => heard.push("error")).on("close", () => heard.push("close")).on("data", (chunk) => heard.push(...chunk.toString("latin1").split("")))).listen(0, there.server);
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const connect = (word: string, every: number) => inside(there, `const s = require("node:net").connect(${port}, "${there.server}", () => setInterval(() => s.write("${word}"), ${every})); s.on("error", (e) => process.stdout.write(e.code))`);
    const open = connect("o", 20);
    await until("the open connection's words", async () => heard.length > 5, 10);
    const heal = there.cut("everything");
    await pause(100);
    const before = heard.length;
    const fresh = connect("n", 20);
    await pause(1_000);
    expect(heard.length).toBe(before);
    heal();
    await until("both connections' words", async () => heard.includes("n") && heard.slice(before).includes("o"), 20);
    expect(heard.filter((word) => word.length > 1)).toEqual([]);
    expect(open() + fresh()).toBe("");
    for (const child of children.splice(0)) child.kill("SIGKILL");
    server.close();
  });

  it("takes away what a suite that was killed has left, with what runs in it", async () => {
    const { pid } = spawnSync("true");
    const left = `drover${pid}-site`;
    execFileSync("ip", ["netns", "add", left]);
    const orphan = spawn("nsenter", [`--net=/run/netns/${left}`, "--", "sleep", "60"], { stdio: "ignore" });
    const ended = once(orphan, "exit");
    await until("it to run there", async () => execFileSync("ip", ["netns", "pids", left], { encoding: "utf8" }).includes(String(orphan.pid)), 10);
    Site.removeLeft();
    await ended;
    expect(names()).not.toContain(left);
    expect(names()).toContain(`drover${process.pid}-site`);
  });

  it("leaves nothing behind", () => {
    there.remove();
    expect(names().filter((name) => name.startsWith(`drover${process.pid}-`))).toEqual([]);
    expect(Object.keys(networkInterfaces())).not.toContain(`drover${process.pid}`);
  });
});
