import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { compressJson } from "./compress.ts";

const LONG = JSON.stringify({ words: Array.from({ length: 400 }, (_, n) => `word ${n}`) });
const app = new Hono();
app.use("*", compressJson());
app.get("/long", (c) => c.body(LONG, 200, { "content-type": "application/json", "content-length": String(LONG.length), "x-kept": "yes" }));
app.get("/longer", (c) => c.body(LONG.repeat(100), 200, { "content-type": "application/json" }));
app.get("/short", (c) => c.body("{}", 200, { "content-type": "application/json", "content-length": "2" }));
app.get("/bytes", (c) => c.body(LONG, 200, { "content-type": "application/octet-stream" }));
let release = () => {};
app.get("/stream", (c) => {
  const stream = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("{\"first\":1}\n"));
      await new Promise<void>((resolve) => (release = resolve));
      controller.enqueue(new TextEncoder().encode("{\"second\":2}\n"));
      controller.close();
    },
  });
  return c.body(stream, 200, { "content-type": "application/json", "transfer-encoding": "chunked" });
});
let stopped = false;
app.get("/endless", (c) => {
  const stream = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{}\n")), cancel: () => void (stopped = true) });
  return c.body(stream, 200, { "content-type": "application/json" });
});
app.get("/broken", (c) => {
  let pulls = 0;
  const stream = new ReadableStream({ pull: (controller) => ((pulls += 1) === 1 ? controller.enqueue(new TextEncoder().encode("{}\n")) : controller.error(new Error("connection lost"))) });
  return c.body(stream, 200, { "content-type": "application/json" });
});
const ask = (path: string, encoding = "gzip, br") => app.request(path, { headers: { "accept-encoding": encoding } });

describe("compression of answers", () => {
  it("packs long JSON and keeps status and headers", async () => {
    const answer = await ask("/long");
    expect(Object.fromEntries(answer.headers)).toMatchObject({ "content-encoding": "gzip", "x-kept": "yes", vary: "accept-encoding" });
    expect(answer.headers.has("content-length")).toBe(false);
    const packed = Buffer.from(await answer.arrayBuffer());
    expect(packed.length).toBeLessThan(LONG.length / 2);
    expect(gunzipSync(packed).toString()).toBe(LONG);
  });

  it("packs an answer of many pages, too, into one that reads the same", async () => {
    const packed = Buffer.from(await (await ask("/longer")).arrayBuffer());
    expect(gunzipSync(packed).toString()).toBe(LONG.repeat(100));
  });

  it.each(["/short", "/bytes"])("leaves %s as it is", async (path) => expect((await ask(path)).headers.has("content-encoding")).toBe(false));
  it("leaves a caller alone that does not know gzip", async () => expect(await (await ask("/long", "identity")).text()).toBe(LONG));

  it("hands out each part of a streamed answer as it comes, not at the end", async () => {
    const answer = await ask("/stream");
    const reader = answer.body!.pipeThrough(new DecompressionStream("gzip")).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("{\"first\":1}\n");
    release();
    expect((await reader.read()).value).toBe("{\"second\":2}\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("stops what is still being made when the caller goes away", async () => {
    const answer = await ask("/endless");
    await answer.body!.cancel();
    await expect.poll(() => stopped).toBe(true);
  });

  it("breaks off where what it packs does", async () => {
    await expect((await ask("/broken")).arrayBuffer()).rejects.toThrow("connection lost");
  });
});
