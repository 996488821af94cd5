import { spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDatabase } from "./testing.ts";

/** A way to the database that breaks, and refuses every further try, once the client asks for the array types. */
async function breakingAtTypes(url: string) {
  const { hostname, port } = new URL(url);
  let broke = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const drop = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", drop).on("close", drop);
    far.pipe(near);
    near.on("data", (bytes) => {
      if (!bytes.includes("typarray")) return void far.write(bytes);
      broke = true;
      server.close();
      drop();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, broke: () => broke };
}

/** A process of its own, since an unhandled rejection is the end of one. */
const PROGRAM = `
const { openSql } = await import(process.argv[1]);
const sql = openSql(process.argv[2], { backoff: false });
const answer = await sql\`select 1\`.catch((error) => error.code);
await new Promise((resolve) => setTimeout(resolve, 200));
console.log("alive after", answer);
process.exit(0);
`;

async function run(program: string, ...args: string[]): Promise<{ code: unknown; said: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, join(import.meta.dirname, "connection.ts"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, said };
}

test("a process outlives a database that dies while a new connection asks for its array types", async () => {
  const database = await testDatabase();
  try {
    const way = await breakingAtTypes(database.url);
    expect(await run(PROGRAM, way.url)).toEqual({ code: 0, said: "alive after ECONNREFUSED\n" });
    expect(way.broke()).toBe(true);
  } finally {
    await database.close();
  }
});

test("any other rejection that nobody handles is still the end of it", async () => {
  const program = `const { openSql } = await import(process.argv[1]); openSql("postgres://nobody@127.0.0.1:1/none"); void Promise.reject(new Error("somebody's mistake")); setTimeout(() => {}, 60_000);`;
  expect(await run(program)).toMatchObject({ code: 1, said: expect.stringContaining("somebody's mistake") });
});
