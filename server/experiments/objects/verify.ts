import { createHash } from "node:crypto";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Bytes, PutOptions } from "../object-store.ts";

/** Counts and hashes what passes. @throws DomainError "too_large" at the first byte over the cap. */
export function meter({ sha256, maxBytes = Infinity }: PutOptions) {
  const hash = createHash("sha256");
  let bytes = 0;
  let whole: { sha256: string; bytes: number } | null = null;
  return {
    add: (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new DomainError("too_large", `The object is larger than ${maxBytes} bytes.`);
      hash.update(chunk);
    },
    /** @throws DomainError "invalid" when it is not what was announced. */
    end: (): { sha256: string; bytes: number } => {
      whole ??= { sha256: hash.digest("hex"), bytes };
      if (sha256 && sha256 !== whole.sha256) throw new DomainError("invalid", "The bytes do not have the SHA-256 that was announced.", { issues: [{ field: "sha256", message: `The bytes hash to ${whole.sha256}.` }] });
      return whole;
    },
  };
}

/** Passes bytes on, one piece behind: the last piece is given only when the whole has the hash, so rotten bytes never look complete. */
export async function* verified(source: Bytes, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let held: Uint8Array | null = null;
  for await (const chunk of source) {
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  const found = hash.digest("hex");
  if (found !== sha256) throw new DomainError("unavailable", "The object store gave other bytes than were stored.", { context: { sha256, found } });
  if (held) yield held;
}
