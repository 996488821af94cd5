import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { identify } from "../process/identity.ts";
import { freePort } from "./ports.ts";
import { EmbeddedPostgres } from "./postmaster.ts";

const root = mkdtempSync(join(tmpdir(), "drover-postgres-"));
chmodSync(root, 0o711); // as root, the server runs as another user
const running: EmbeddedPostgres[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function serverAt(name: string, durable = false): EmbeddedPostgres {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const server = new EmbeddedPostgres({ folder: join(folder, "postgres"), log: join(folder, "postgres.log"), durable, maxConnections: 20 });
  running.push(server);
  return server;
}

async function ask<T>(server: EmbeddedPostgres, question: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(server.url(), { max: 1, onnotice: () => {} });
  try {
    return await question(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    if (await Promise.resolve(check()).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

describe("the embedded PostgreSQL", () => {
  it("keeps its data and its port from one start to the next", async () => {
    const first = serverAt("again");
    await first.start();
    expect(first.how).toBe("made");
    await ask(first, (sql) => sql`create table kept as select 42 as answer`);
    await first.stop();
    const second = serverAt("again");
    await second.start();
    expect(second.how).toBe("started");
    expect(new URL(second.url()).port).toBe(new URL(first.url()).port);
    expect(await ask(second, (sql) => sql`select answer from kept`)).toMatchObject([{ answer: 42 }]);
  });

  it("is started again when it is killed, and has what was committed", async () => {
    const server = serverAt("killed", true);
    await server.start();
    await ask(server, (sql) => sql`create table kept as select 42 as answer`);
    const before = server.pid!;
    process.kill(before, "SIGKILL");
    await until("another postmaster", async () => server.pid !== before && (await ask(server, (sql) => sql`select answer from kept`)).length === 1);
    expect(server.restarts).toBe(1);
  });

  it("is adopted by a second launcher when the first is gone without stopping it", async () => {
    const first = serverAt("adopted");
    await first.start();
    const second = serverAt("adopted");
    await second.start();
    expect(second.how).toBe("adopted");
    expect(second.pid).toBe(first.pid);
  });

  it("does not take a stranger's process for its own, however the pid file came to name it", async () => {
    const first = serverAt("stranger");
    await first.start();
    await first.stop();
    writeFileSync(join(root, "stranger", "postgres", "data", "postmaster.pid"), `${process.pid}\n${join(root, "stranger")}\n0\n${await freePort()}\n`);
    const second = serverAt("stranger");
    await second.start();
    expect(second.how).toBe("started");
    expect(second.pid).not.toBe(process.pid);
    await second.stop();
    expect(identify(process.pid)).not.toBeNull();
  });

  it("starts over when an earlier initdb was killed half way", async () => {
    const half = join(root, "half", "postgres", "data.half");
    mkdirSync(half, { recursive: true, mode: 0o711 });
    writeFileSync(join(half, "PG_VERSION"), "18");
    const server = serverAt("half");
    await server.start();
    expect(server.how).toBe("made");
    expect(existsSync(half)).toBe(false);
  });

  it("refuses data of another major version, and says what to do", async () => {
    const server = serverAt("major");
    await server.start();
    await server.stop();
    writeFileSync(join(root, "major", "postgres", "data", "PG_VERSION"), "17\n");
    expect(() => serverAt("major")).toThrow("was written by PostgreSQL 17; this checkout runs 18");
  });
});
