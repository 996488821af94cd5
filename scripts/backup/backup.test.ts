import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { main as backUp } from "../backup.ts";
import { EmbeddedPostgres } from "../postgres/postmaster.ts";
import { copyLive } from "./copy-live.ts";

const root = mkdtempSync(join(tmpdir(), "drover-backup-"));
chmodSync(root, 0o711); // as root, the database runs as another user
const running: EmbeddedPostgres[] = [];
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  for (const server of running) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function serverIn(state: string) {
  mkdirSync(state, { recursive: true, mode: 0o711 });
  const server = new EmbeddedPostgres({ folder: join(state, "postgres"), log: join(state, "postgres.log"), durable: false, maxConnections: 20 });
  running.push(server);
  await server.start();
  return { server, sql: postgres(server.url(), { max: 1, onnotice: () => {} }) };
}

describe("a copy of a folder in use", () => {
  it("leaves out what vanishes meanwhile and what it is told to, and keeps modes and links", async () => {
    const [from, to] = [join(root, "from"), join(root, "to")];
    mkdirSync(join(from, "inner", "gone"), { recursive: true });
    chmodSync(join(from, "inner"), 0o750);
    for (const name of ["a", "going", "z", "inner/b", "inner/left"]) writeFileSync(join(from, name), name);
    symlinkSync("nowhere", join(from, "link"));
    await copyLive(from, to, (path) => {
      if (path === "going" || path === "inner/gone") rmSync(join(from, path), { recursive: true }); // listed, and gone when its turn comes
      return path === "inner/left";
    });
    expect(["a", "z", "inner/b"].map((name) => readFileSync(join(to, name), "utf8"))).toEqual(["a", "z", "inner/b"]);
    expect(["going", "inner/gone", "inner/left"].filter((name) => existsSync(join(to, name)))).toEqual([]);
    expect([readlinkSync(join(to, "link")), statSync(join(to, "inner")).mode & 0o777]).toEqual(["nowhere", 0o750]);
    await expect(copyLive(join(root, "none"), to)).rejects.toThrow(/ENOENT/);
  });
});

describe("./drover backup", () => {
  it("copies a database that is written to, and the objects and the secret from where this environment has them", async () => {
    const [state, objects, copy] = [join(root, "state"), join(root, "elsewhere"), join(root, "copy")];
    const { sql } = await serverIn(state);
    mkdirSync(objects);
    writeFileSync(join(objects, "one"), "an object");
    await sql`create table kept as select 42 as answer`;
    let isOver = false;
    const churn = (async () => {
      while (!isOver) await sql.unsafe("create table passing as select generate_series(1, 2000); drop table passing");
    })();
    for (const [name, value] of Object.entries({ DROVER_STATE: state, DROVER_OBJECTS: objects, DROVER_SECRET: "s".repeat(40) })) vi.stubEnv(name, value);
    vi.stubEnv("DATABASE_URL", undefined);
    await backUp([copy]).finally(() => (isOver = true));
    await churn;
    await sql.end();
    expect(readFileSync(join(copy, "objects", "one"), "utf8")).toBe("an object");
    expect(readFileSync(join(copy, "secret"), "utf8")).toBe("s".repeat(40));
    chmodSync(copy, 0o711);
    const restored = await serverIn(copy);
    expect(await restored.sql`select answer from kept`).toMatchObject([{ answer: 42 }]);
    await restored.sql.end();
  }, 60_000);
});
