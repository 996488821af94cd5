import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type FileHandle, readlink, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { makeFolder, openPlain } from "../disk.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { mayPass, Refused, Unreachable } from "../identity/refusals.ts";
import { log, reason } from "../log.ts";
import { AGENT_PATHS, PART_BYTES, PART_TOTAL_HEADER, Parts } from "../protocol/messages.ts";
import { SetupFailed } from "./setup-failed.ts";

const DOWNLOAD_MS = 6 * 3_600_000;
const UPLOAD_MS = 6 * 3_600_000;
/** A file that changes while it is uploaded is hashed again this often. */
const TRIES = 3;

type Client = Pick<ServerClient, "send">;

type Open = (file: string) => Promise<FileHandle | null>;
/** The first and the last byte, both included; all of it without. */
interface Range {
  start?: number;
  end?: number;
}

/**
 * What a job left, by its canonical name: the file itself, and no folder on the way to it a link by now. Jobs may run as another
 * account than the agent, several as the same one, and what is sent they may read.
 */
const openAsNamed: Open = async (file) => {
  const handle = await openPlain(file);
  if (!handle || process.platform !== "linux" || (await readlink(`/proc/self/fd/${handle.fd}`)) === file) return handle;
  await handle.close();
  return null;
};

/** @throws Error where there is no such file. */
async function* bytesOf(file: string, range: Range, open: Open): AsyncGenerator<Buffer> {
  const handle = await open(file);
  if (!handle) throw new Error(`${file} is no file, or lies elsewhere.`);
  try {
    yield* handle.createReadStream({ ...range, autoClose: false }) as AsyncIterable<Buffer>;
  } finally {
    await handle.close();
  }
}

/** @throws Error where there is no such file. */
export async function hashOf(file: string, range: Range = {}, open: Open = openPlain): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of bytesOf(file, range, open)) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** @throws Unreachable where the body breaks off, as it does when the server dies. */
async function* arriving(body: ReadableStream<Uint8Array>, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      see(chunk);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new Unreachable(`The answer broke off: ${reason(error)}`);
  }
}

/**
 * Fetches an object into `file`, which is there whole or not at all.
 * @param what Names it in errors: "code", "checkpoint".
 * @throws SetupFailed where trying again would not help.
 */
export async function fetchObject(client: Client, sha256: string, file: string, what: string, signal: AbortSignal): Promise<void> {
  await makeFolder(path.dirname(file));
  const temporary = `${file}.${randomUUID()}.tmp`; // other attempts may fetch the same at this moment
  try {
    const response = await client.send({ method: "GET", path: AGENT_PATHS.object(sha256), signal, timeoutMs: DOWNLOAD_MS });
    if (!response.body) throw new SetupFailed(`${what}: the server sent no bytes.`);
    const hash = createHash("sha256");
    await pipeline(arriving(response.body as unknown as ReadableStream<Uint8Array>, (chunk) => hash.update(chunk)), createWriteStream(temporary, { mode: 0o600 }), { signal });
    if (hash.digest("hex") !== sha256) throw new SetupFailed(`${what}: the bytes that came do not fit their SHA-256.`);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof SetupFailed || signal.aborted || mayPass(error)) throw error;
    throw new SetupFailed(`${what}: it could not be fetched: ${reason(error)}`);
  }
}

interface Sending {
  path: string;
  file: string;
  from: number;
  bytes: number;
  bodySha256: string;
  headers?: Record<string, string>;
  signal: AbortSignal;
}

async function send(client: Client, { file, from, ...request }: Sending): Promise<void> {
  const stream = () => Readable.toWeb(Readable.from(bytesOf(file, { start: from, end: from + request.bytes - 1 }, openAsNamed), { objectMode: false })) as unknown as ReadableStream<Uint8Array>;
  await (await client.send({ ...request, method: "PUT", stream, contentType: "application/octet-stream", timeoutMs: UPLOAD_MS })).arrayBuffer();
}

/** From where the server has it, so that a cut costs one part. */
async function sendInParts(client: Client, file: string, { sha256, bytes }: { sha256: string; bytes: number }, partBytes: number, signal: AbortSignal): Promise<void> {
  const path = AGENT_PATHS.parts(sha256);
  for (;;) {
    const answer = await client.send({ method: "GET", path, signal });
    const { next, done } = Parts.parse(await answer.json());
    if (done) return;
    const length = Math.min(partBytes, bytes - next);
    const part = await hashOf(file, { start: next, end: next + length - 1 }, openAsNamed);
    await send(client, { path: `${path}/${next}`, file, from: next, bytes: length, bodySha256: part.sha256, headers: { [PART_TOTAL_HEADER]: String(bytes) }, signal });
  }
}

/**
 * Puts a file's bytes into the object store.
 * @param file Its canonical name.
 * @returns null where the file went away or never stood still.
 */
export async function putFile(client: Client, file: string, signal: AbortSignal, partBytes = PART_BYTES): Promise<{ sha256: string; bytes: number } | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const object = await hashOf(file, {}, openAsNamed).catch(() => null);
    if (!object) return null;
    failpoint("agent.artifacts.before-upload");
    try {
      if (object.bytes > partBytes) await sendInParts(client, file, object, partBytes, signal);
      else await send(client, { path: AGENT_PATHS.object(object.sha256), file, from: 0, bytes: object.bytes, bodySha256: object.sha256, signal });
      failpoint("agent.artifacts.after-upload");
      return object;
    } catch (error) {
      // Its bytes no longer fit the hash: something still writes it. Anything else is not about this file.
      if (!(error instanceof Refused) || !["bad_request", "bad_signature", "too_large"].includes(error.code)) throw error;
      log.warn("A file was refused", { file, reason: error.message });
      if (error.code === "too_large") return null;
    }
  }
  return null;
}
