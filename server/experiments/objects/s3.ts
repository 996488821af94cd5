import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { DomainError } from "../../../domain/shared/errors.ts";
import { failpoint } from "../../failpoint.ts";
import type { Bytes, ObjectStore, PutOptions, StoredObject } from "../object-store.ts";
import { isKey, isUpload, keyOf, newKey, newUpload, UPLOADS } from "./keys.ts";
import type { S3Target } from "./target.ts";
import { meter, verified } from "./verify.ts";

const MIB = 1024 * 1024;
/** Stores take at least 5 MiB for every part but the last, and 10,000 parts: later parts are larger. */
const partBytes = (number: number): number => 8 * MIB * (1 + Math.floor(number / 1000));
/** The largest copy that is one request. */
const COPY_BYTES = 5 * 1024 * MIB - 1;

// Half a second to load: only where S3 is used.
const sdk = () => import("@aws-sdk/client-s3");

/** Any S3-compatible store. Every request carries a SHA-256 of its bytes, which the store checks. */
export function s3Store(target: S3Target): ObjectStore {
  let made: Promise<S3Client> | undefined;
  const client = () => (made ??= open(target));
  const at = (key: string) => ({ Bucket: target.bucket, Key: `${target.prefix}${key}` });
  const s3: S3 = { target, client, at };
  return {
    put: (orgId, bytes, options = {}) => put(s3, orgId, bytes, options),
    get: (object, range) => {
      const source = read(s3, keyOf(object), range);
      return Readable.from(range ? source : verified(source, object.sha256), { objectMode: false });
    },
    has: (object) => sizeOf(s3, keyOf(object)),
    remove: async (key) => {
      const { DeleteObjectCommand } = await sdk();
      await (await client()).send(new DeleteObjectCommand(at(key)));
    },
    list: () => list(s3, "", isKey),
    sweep: (olderThanMs) => sweep(s3, olderThanMs),
  };
}

interface S3 {
  target: S3Target;
  client: () => Promise<S3Client>;
  at: (key: string) => { Bucket: string; Key: string };
}

async function open({ endpoint, region, pathStyle }: S3Target): Promise<S3Client> {
  const { S3Client: Client } = await sdk();
  return new Client({ region, forcePathStyle: pathStyle, ...(endpoint ? { endpoint } : {}), maxAttempts: 5, requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" });
}

async function sizeOf(s3: S3, key: string): Promise<number | null> {
  const { HeadObjectCommand, NotFound } = await sdk();
  try {
    return (await (await s3.client()).send(new HeadObjectCommand(s3.at(key)))).ContentLength ?? 0;
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

/** What the store says it has after it said that all went well: some stores between us and the disk lose the end. */
async function mustHave(s3: S3, key: string, bytes: number): Promise<void> {
  const found = await sizeOf(s3, key);
  if (found !== bytes) throw new DomainError("unavailable", "The object store did not keep all that it was given. Trying again is safe.", { context: { key, bytes, found } });
}

const base64Sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

/** Small objects in one request. Larger ones in parts, to a name of their own until the whole is known to be right. */
async function put(s3: S3, orgId: string, bytes: Bytes, options: PutOptions): Promise<StoredObject> {
  const passed = meter(options);
  const parts = inParts(bytes, passed.add);
  const first = await parts.next();
  const head = first.done ? new Uint8Array(0) : first.value.bytes;
  if (first.done || first.value.isLast) {
    const whole = passed.end();
    const key = newKey(orgId, whole.sha256);
    const { PutObjectCommand } = await sdk();
    await (await s3.client()).send(new PutObjectCommand({ ...s3.at(key), Body: head, ContentLength: head.byteLength, ChecksumSHA256: base64Sha256(head) }));
    await mustHave(s3, key, whole.bytes);
    failpoint("server.objects.after-write");
    return { ...whole, key };
  }
  const temporary = newUpload();
  await multipart(s3, temporary, async (upload) => {
    let part: IteratorResult<Part> = first;
    for (let number = 1; !part.done; number += 1, part = await parts.next()) await upload(number, part.value.bytes);
    passed.end(); // refuses before anything is made of the parts
  });
  const whole = passed.end();
  failpoint("server.objects.after-write");
  const key = newKey(orgId, whole.sha256);
  await copy(s3, temporary, key, whole.bytes);
  await mustHave(s3, key, whole.bytes);
  const { DeleteObjectCommand } = await sdk();
  await (await s3.client()).send(new DeleteObjectCommand(s3.at(temporary)));
  return { ...whole, key };
}

interface Part {
  bytes: Uint8Array;
  isLast: boolean;
}

/** The stream cut to part sizes: no more than one part and one piece is ever in memory. */
async function* inParts(source: Bytes, seen: (chunk: Uint8Array) => void): AsyncGenerator<Part> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of source) {
    seen(chunk);
    for (let rest = chunk; rest.byteLength > 0; ) {
      if (size === partBytes(number)) {
        yield { bytes: Buffer.concat(pieces), isLast: false };
        [pieces, size, number] = [[], 0, number + 1];
      }
      const taken = rest.subarray(0, partBytes(number) - size);
      pieces.push(taken);
      size += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
    }
  }
  yield { bytes: Buffer.concat(pieces), isLast: true };
}

/** Runs an upload in parts to its end, or takes it back. */
async function multipart(s3: S3, key: string, fill: (upload: (number: number, bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
  const { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } = await sdk();
  const client = await s3.client();
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...s3.at(key), ChecksumAlgorithm: "SHA256" }));
  const done: CompletedPart[] = [];
  try {
    await fill(async (PartNumber, bytes) => {
      const ChecksumSHA256 = base64Sha256(bytes);
      const { ETag } = await client.send(new UploadPartCommand({ ...s3.at(key), UploadId, PartNumber, Body: bytes, ContentLength: bytes.byteLength, ChecksumSHA256 }));
      done.push({ PartNumber, ETag, ChecksumSHA256 });
    });
    await client.send(new CompleteMultipartUploadCommand({ ...s3.at(key), UploadId, MultipartUpload: { Parts: done } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...s3.at(key), UploadId })).catch(() => {}); // the sweep finds what is left
    throw error;
  }
}

/** Inside the store: no byte comes back here. */
async function copy(s3: S3, from: string, to: string, bytes: number): Promise<void> {
  const { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, UploadPartCopyCommand } = await sdk();
  const client = await s3.client();
  const CopySource = `${s3.target.bucket}/${s3.at(from).Key.split("/").map(encodeURIComponent).join("/")}`;
  if (bytes <= COPY_BYTES) {
    await client.send(new CopyObjectCommand({ ...s3.at(to), CopySource }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(s3.at(to)));
  const done: CompletedPart[] = [];
  try {
    for (let start = 0; start < bytes; start += COPY_BYTES) {
      const CopySourceRange = `bytes=${start}-${Math.min(start + COPY_BYTES, bytes) - 1}`;
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand({ ...s3.at(to), UploadId, PartNumber: done.length + 1, CopySource, CopySourceRange }));
      done.push({ PartNumber: done.length + 1, ETag: CopyPartResult?.ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...s3.at(to), UploadId, MultipartUpload: { Parts: done } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...s3.at(to), UploadId })).catch(() => {});
    throw error;
  }
}

async function* read(s3: S3, key: string, range?: { start: number; end: number }): AsyncGenerator<Uint8Array> {
  const { GetObjectCommand } = await sdk();
  const { Body } = await (await s3.client()).send(new GetObjectCommand({ ...s3.at(key), ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}) }));
  if (Body) yield* Body as Readable as AsyncIterable<Uint8Array>;
}

/** Only what is ours: a bucket may be shared. */
async function* list(s3: S3, under: string, isOurs: (key: string) => boolean): AsyncGenerator<{ key: string; at: Date }> {
  const { ListObjectsV2Command } = await sdk();
  const client = await s3.client();
  for (let after: string | undefined; ; ) {
    const page = await client.send(new ListObjectsV2Command({ Bucket: s3.target.bucket, Prefix: `${s3.target.prefix}${under}`, ...(after ? { ContinuationToken: after } : {}) }));
    for (const { Key, LastModified } of page.Contents ?? []) {
      const key = Key!.slice(s3.target.prefix.length);
      if (isOurs(key)) yield { key, at: LastModified! };
    }
    if (!page.IsTruncated) return;
    after = page.NextContinuationToken;
  }
}

async function sweep(s3: S3, olderThanMs: number): Promise<number> {
  const { AbortMultipartUploadCommand, DeleteObjectCommand } = await sdk();
  const client = await s3.client();
  const isOld = (at: Date | undefined) => at !== undefined && Date.now() - at.getTime() >= olderThanMs;
  let removed = 0;
  for await (const { key, id, at } of openUploads(s3)) {
    if (!isOld(at)) continue;
    await client.send(new AbortMultipartUploadCommand({ ...s3.at(key), UploadId: id }));
    removed += 1;
  }
  for await (const { key, at } of list(s3, `${UPLOADS}/`, isUpload)) {
    if (!isOld(at)) continue;
    await client.send(new DeleteObjectCommand(s3.at(key)));
    removed += 1;
  }
  return removed;
}

/** Uploads in parts that are neither complete nor taken back, ours alone. */
async function* openUploads(s3: S3): AsyncGenerator<{ key: string; id: string; at: Date | undefined }> {
  const { ListMultipartUploadsCommand } = await sdk();
  const client = await s3.client();
  for (let after = {}; ; ) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: s3.target.bucket, Prefix: s3.target.prefix, ...after }));
    for (const { Key = "", UploadId = "", Initiated } of page.Uploads ?? []) {
      const key = Key.slice(s3.target.prefix.length);
      if (isUpload(key) || isKey(key)) yield { key, id: UploadId, at: Initiated };
    }
    if (!page.IsTruncated) return;
    after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
