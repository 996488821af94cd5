import { Refused } from "./refused.ts";

/**
 * The whole body, never more than `limit` bytes of it in memory.
 * @throws Refused "too_large" — before a byte is read when the announced length already says so.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new Refused("too_large", `The body is larger than ${limit} bytes.`, "body");
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    if (Number(announced) > limit) throw tooLarge();
    return new Uint8Array(await request.arrayBuffer()); // HTTP itself holds the sender to the announced length
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > limit) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
