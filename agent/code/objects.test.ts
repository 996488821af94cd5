import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mayPass } from "../identity/refusals.ts";
import { fetchObject, putFile } from "./objects.ts";
import { SetupFailed } from "./setup-failed.ts";

const BYTES = Buffer.alloc(200_000, "code");
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-objects-"));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function fetchFrom(answer: RequestListener): Promise<void> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { send: ({ path }: { path: string }) => fetch(`${url}${path}`) };
  await fetchObject(client, SHA256, join(folder, "code.tgz"), "code", new AbortController().signal);
}

test("an object is there whole once its bytes fit their name", async () => {
  await fetchFrom((_request, response) => response.end(BYTES));
  expect(readFileSync(join(folder, "code.tgz")).equals(BYTES)).toBe(true);
});

test("attempts that begin at the same moment and want the same object all get it", async () => {
  const now = Date.now;
  Date.now = () => 1_700_000_000_000;
  try {
    await Promise.all(Array.from({ length: 8 }, () => fetchFrom((_request, response) => response.end(BYTES))));
  } finally {
    Date.now = now;
  }
  expect(readdirSync(folder)).toEqual(["code.tgz"]);
});

test("a server that dies while it sends has not refused anything: the same may be asked again, and no half of it stays", async () => {
  const failed = await fetchFrom((_request, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    response.write(BYTES.subarray(0, 70_000), () => response.destroy());
  }).catch((error: unknown) => error);
  expect(failed).not.toBeInstanceOf(SetupFailed);
  expect(mayPass(failed)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test("other bytes than were named are refused", async () => {
  await expect(fetchFrom((_request, response) => response.end("something else"))).rejects.toThrow(/do not fit their SHA-256/);
  expect(readdirSync(folder)).toEqual([]);
});

test("a file is sent under its own name only: not once it, or a folder on the way to it, leads elsewhere", async () => {
  const home = realpathSync(folder);
  mkdirSync(join(home, "out"));
  for (const name of ["secret", join("out", "model"), join("out", "large")]) writeFileSync(join(home, name), name.repeat(10));
  symlinkSync(join(home, "secret"), join(home, "out", "link"));
  symlinkSync(join(home, "out"), join(home, "elsewhere"));
  const sent: string[] = [];
  const client = {
    send: async ({ method, stream }: { method?: string; stream?: () => ReadableStream<Uint8Array> }) => {
      if (method === "GET") return Response.json({ next: 8 * sent.length, done: 8 * sent.length >= 90, serverTime: 1 });
      sent.push(await new Response(stream!()).text());
      return Response.json({});
    },
  };
  const put = (name: string, partBytes?: number) => putFile(client as never, join(home, name), new AbortController().signal, partBytes);
  expect([await put(join("out", "link")), await put(join("elsewhere", "model")), await put("gone")]).toEqual([null, null, null]);
  expect(sent).toEqual([]);
  expect(await put(join("out", "model"))).toMatchObject({ bytes: 90 });
  expect(sent.splice(0)).toEqual(["out/model".repeat(10)]);
  expect(await put(join("out", "large"), 8)).toMatchObject({ bytes: 90 });
  expect(sent.join("")).toBe("out/large".repeat(10));
});
