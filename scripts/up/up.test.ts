import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTls } from "../../db/connection.ts";
import { fingerprint } from "../build/fingerprint.ts";
import { freePort } from "../postgres/ports.ts";
import { identify, isSame, recall, remember } from "../process/identity.ts";
import { Trouble } from "../say.ts";
import { checkServer } from "./database.ts";
import { readOptions } from "./options.ts";
import { Service } from "./service.ts";
import { localUrl, requirePort } from "./stack.ts";
import { State } from "./state.ts";
import { Tail } from "./tail.ts";

const root = mkdtempSync(join(tmpdir(), "drover-up-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function until(what: string, check: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it("a port that is taken is told with another one to take", async () => {
  const port = await freePort();
  await requirePort({ port, host: "127.0.0.1" });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await expect(requirePort({ port, host: "127.0.0.1" })).rejects.toThrow(`Port ${port} is taken`);
  server.close();
});

it("a server is reached where it listens, also on one address alone", () => {
  const urls = ["127.0.0.1", "0.0.0.0", "10.0.0.5", "::1", "::"].map((host) => localUrl({ host, port: 7070 }));
  expect(urls).toEqual(["http://127.0.0.1:7070", "http://127.0.0.1:7070", "http://10.0.0.5:7070", "http://[::1]:7070", "http://[::1]:7070"]);
});

it("a log that cannot be cut does not end the launcher that follows it, and is cut once it can", async () => {
  const file = join(root, "long.log");
  writeFileSync(file, "");
  mkdirSync(`${file}.1`); // in the way of the copy, as a full disk would be
  const shown: string[] = [];
  const tail = new Tail(file, (line) => shown.push(line));
  writeFileSync(file, `${"x".repeat(1023)}\n`.repeat(20 * 1024 + 1));
  appendFileSync(file, "error: the last line\n");
  await until("the last line", () => shown.length === 1);
  expect(statSync(file).size).toBeGreaterThan(20 * 1024 * 1024);
  rmSync(`${file}.1`, { recursive: true });
  appendFileSync(file, "one more\n");
  await until("the cut", () => statSync(file).size === 0);
  tail.close();
}, 40_000);

describe("the options of ./drover up", () => {
  const env = { NODE_ENV: "test" } as const;
  it("keep jobs and use port 7070 unless told otherwise", () => {
    expect(readOptions([], env)).toMatchObject({ port: 7070, host: "127.0.0.1", jobs: "keep", open: true });
    expect(readOptions(["--port", "8080", "--stop-jobs", "--no-open"], env)).toMatchObject({ port: 8080, jobs: "stop", open: false });
  });

  it.each([
    { args: ["--prot", "1"], says: "Unknown option '--prot'" },
    { args: ["--port", "http"], says: "http is not a port." },
    { args: ["--port", "70000"], says: "70000 is not a port." },
    { args: ["--keep-jobs", "--stop-jobs"], says: "exclude each other" },
  ])("are refused by name: $args", ({ args, says }) => {
    expect(() => readOptions(args, env)).toThrow(says);
  });
});

describe("a process's identity", () => {
  it("tells a living process from one that only has the same number", () => {
    const file = join(root, "me.json");
    remember(file, process.pid);
    expect(recall(file)).toEqual(identify(process.pid));
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: "another time" }));
    expect(recall(file)).toBeNull();
  });
});

describe("the state folder", () => {
  it("makes its secret once, for its owner's eyes only", () => {
    const state = new State(join(root, "state"));
    state.prepare();
    const secret = state.secret();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(new State(join(root, "state")).secret()).toBe(secret);
  });

  it("belongs to one launcher at a time", async () => {
    const state = new State(join(root, "busy"));
    state.prepare();
    remember(state.pidFile("launcher"), process.ppid);
    await expect(state.take(() => {})).rejects.toThrow(`Drover already runs here (process ${process.ppid}).`);
  });

  it("is refused with its cure where it cannot be written", () => {
    writeFileSync(join(root, "a-file"), "");
    const trouble = (() => {
      try {
        new State(join(root, "a-file")).prepare();
      } catch (error) {
        return error;
      }
      return null;
    })();
    expect(trouble).toBeInstanceOf(Trouble);
    expect((trouble as Trouble).cure).toContain("DROVER_STATE");
  });
});

describe("a supervised process", () => {
  const service = (name: string, program: string, lines: string[] = []) =>
    new Service({ name, args: ["-e", program], env: { ...process.env }, cwd: root, log: join(root, `${name}.log`), pidFile: join(root, `${name}.json`), say: (line) => lines.push(line) });

  it("is started again when it dies, and says how it ended", async () => {
    const lines: string[] = [];
    const dying = service("dying", "console.log('here'); process.exit(3)", lines);
    dying.start();
    await until("two starts", () => dying.crashes >= 2);
    await dying.stop(1000);
    expect(lines[0]).toContain("exit code 3");
    expect(readFileSync(join(root, "dying.log"), "utf8")).toMatch(/here\n.*here/s);
  });

  it("is asked to stop, and killed only when it does not", async () => {
    const polite = service("polite", "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up')");
    const stubborn = service("stubborn", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')");
    for (const one of [polite, stubborn]) {
      one.start();
      await until("its first word", () => one.lastWords().includes("up"));
    }
    const known = identify(stubborn.pid!)!;
    expect(await polite.stop(10_000)).toBe(true);
    expect(await stubborn.stop(200)).toBe(false);
    expect(isSame(known)).toBe(false);
    expect(existsSync(join(root, "polite.json"))).toBe(false);
  });

  it("shows the lines that matter and keeps the rest in its log", async () => {
    const lines: string[] = [];
    const talking = service("talking", "console.log('2026 INFO fine'); console.log('2026 ERROR not fine'); setInterval(() => {}, 1000)", lines);
    talking.start();
    await until("the error", () => lines.length > 0);
    await talking.stop(2000);
    expect(lines).toEqual(["2026 ERROR not fine"]);
  });
});

describe("a database of one's own", () => {
  it("is named with its cure when nothing listens there", async () => {
    const port = await freePort();
    const trouble = await checkServer(`postgres://a:b@127.0.0.1:${port}/c`).catch((error: unknown) => error);
    expect(trouble).toMatchObject({ cure: expect.stringContaining("Nothing listens there") as string });
  });

  it("is named with its cure when the database does not exist", async () => {
    const url = new URL(process.env.TEST_DATABASE_URL!);
    url.pathname = "/no_such_database";
    await expect(checkServer(url.href)).rejects.toMatchObject({ cure: expect.stringContaining("Create it first") as string });
  });

  it("is refused when it is older than 15", async () => {
    const old = createServer((socket) => {
      socket.once("data", () => {
        socket.write(WELCOME);
        socket.once("data", () => socket.write(VERSION_14));
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const { port } = old.address() as { port: number };
    const refused = checkServer(`postgres://a:b@127.0.0.1:${port}/c`);
    await expect(refused).rejects.toThrow(`PostgreSQL 14 at 127.0.0.1:${port} is too old`);
    old.close();
  });

  it("is refused when the address is no PostgreSQL URL", async () => {
    await expect(checkServer("mysql://a@b/c")).rejects.toThrow("DATABASE_URL is not a PostgreSQL URL.");
  });

  it("keeps the words of its URL that only libpq knows to itself", () => {
    expect(readTls("postgres://a:b@db/c?sslmode=require&channel_binding=require").href).toBe("postgres://a:b@db/c?sslmode=require");
  });

  it("checks the certificate against the authority it names", () => {
    const file = join(root, "authority.pem");
    writeFileSync(file, "certificate");
    expect(readTls(`postgres://a:b@db/c?sslmode=verify-full&sslrootcert=${file}`)).toMatchObject({ href: "postgres://a:b@db/c", ssl: { ca: "certificate", rejectUnauthorized: true } });
  });
});

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const READY = message("Z", Buffer.from("I"));
/** AuthenticationOk, ReadyForQuery. */
const WELCOME = Buffer.concat([message("R", int32(0)), READY]);
/** One row of one int4 column: 140010. */
const VERSION_14 = Buffer.concat([
  message("T", Buffer.from([0, 1]), Buffer.from("version\0"), int32(0), Buffer.from([0, 0]), int32(23), Buffer.from([0, 4]), int32(-1), Buffer.from([0, 0])),
  message("D", Buffer.from([0, 1]), int32(6), Buffer.from("140010")),
  message("C", Buffer.from("SELECT 1\0")),
  READY,
]);

describe("the fingerprint of sources", () => {
  it("is the same for the same sources and ignores tests", () => {
    expect(fingerprint(["scripts/up"])).toBe(fingerprint(["scripts/up"]));
    expect(fingerprint(["scripts/up/up.test.ts"])).not.toBe(fingerprint(["scripts/up/state.ts"]));
    expect(fingerprint(["no/such/folder"])).toBe(fingerprint([]));
  });
});
