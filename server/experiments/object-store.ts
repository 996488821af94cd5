import type { Readable } from "node:stream";
import { env } from "../../env.ts";
import { folderStore } from "./objects/folder.ts";
import { s3Store } from "./objects/s3.ts";
import { isS3, s3Target } from "./objects/target.ts";

/** What a row of `objects` says about its bytes. `key`: where they lie; null in rows of older releases, which named them by hash alone. */
export interface ObjectRef {
  sha256: string;
  key: string | null;
}

export interface StoredObject extends ObjectRef {
  key: string;
  bytes: number;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
/** Byte positions, `end` inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}
export interface PutOptions {
  /** What the bytes must hash to. */
  sha256?: string;
  /** Cut off beyond this. */
  maxBytes?: number;
}

/**
 * Bytes of organizations, under `<organization>/<hash>/<hash>.<nonce>`: what is written is never written over, so a removal
 * cannot meet a new upload of the same bytes. The `objects` table says which of them count, and who may read them.
 */
export interface ObjectStore {
  /**
   * Durable once it resolves; the store has checked what it got against a checksum.
   * @throws DomainError "invalid" when the hash differs, "too_large" beyond the cap; nothing is kept then.
   */
  put: (orgId: string, bytes: Bytes, options?: PutOptions) => Promise<StoredObject>;
  /** Fails while reading when there is no such object. A whole read is checked against the hash before its last bytes are given. */
  get: (object: ObjectRef, range?: ByteRange) => Readable;
  /** Size in bytes; null when it is not here. */
  has: (object: ObjectRef) => Promise<number | null>;
  /** Removing what is not there is no error. */
  remove: (key: string) => Promise<void>;
  /** Every object, in no order. */
  list: () => AsyncIterable<{ key: string; at: Date }>;
  /** Removes what uploads cut off more than `olderThanMs` ago left behind. */
  sweep: (olderThanMs: number) => Promise<number>;
}

let store: ObjectStore | undefined;

/** The store that DROVER_OBJECTS names. */
export function objectStore(): ObjectStore {
  const where = env().DROVER_OBJECTS;
  store ??= isS3(where) ? s3Store(s3Target(where)) : folderStore(where);
  return store;
}
