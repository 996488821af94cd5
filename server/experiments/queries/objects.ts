import { DomainError } from "../../../domain/shared/errors.ts";
import { log } from "../../log.ts";
import { type ObjectRef, objectStore } from "../object-store.ts";

/** Bytes [start, end) of a stored object. @throws DomainError "unavailable" when the store cannot give them now. */
export async function readObject(object: ObjectRef, start: number, end: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  try {
    for await (const part of objectStore().get(object, { start, end: end - 1 })) parts.push(part as Buffer);
  } catch (err) {
    log().error({ err, ...object }, "could not read a stored object");
    throw new DomainError("unavailable", "The object store cannot give these bytes now. Trying again is safe.", { context: { ...object } });
  }
  return Buffer.concat(parts);
}
