import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const zstd = (bytes: Uint8Array, level: number): Buffer => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });

/** Byte 0 of every element, then byte 1 of every element, and so on: alike bytes lie together. */
function toPlanes(bytes: Uint8Array, width: number): Uint8Array {
  const count = bytes.length / width;
  const planes = new Uint8Array(bytes.length);
  for (let plane = 0, to = 0; plane < width; plane += 1) for (let at = plane; at < bytes.length; at += width) planes[to++] = bytes[at]!;
  return count === 0 ? bytes : planes;
}

function fromPlanes(planes: Uint8Array, width: number): ArrayBuffer {
  const count = planes.length / width;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0, from = 0; plane < width; plane += 1) for (let at = plane, end = count * width; at < end; at += width) bytes[at] = planes[from++]!;
  return bytes.buffer;
}

/** All planes in one: quick. @param width Bytes of an element. */
export const packTogether = (bytes: Uint8Array, width: number, level: number): Buffer => zstd(toPlanes(bytes, width), level);
export const unpackTogether = (bytes: Uint8Array, width: number): ArrayBuffer => fromPlanes(zstdDecompressSync(bytes), width);

/**
 * Each plane by itself, after its length (uint32): what is likely in one of them is not in the next, and one that holds only
 * noise stays as it is. A length of as many bytes as there are elements says that.
 */
export function packApart(bytes: Uint8Array, width: number, level: number): Buffer {
  const count = bytes.length / width;
  const planes = toPlanes(bytes, width);
  return Buffer.concat(Array.from({ length: width }, (_, plane) => {
    const plain = planes.subarray(plane * count, (plane + 1) * count);
    const packed = zstd(plain, level);
    const kept = packed.length < count ? packed : plain;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(kept.length);
    return [length, kept];
  }).flat());
}

/** @param count Elements. */
export function unpackApart(bytes: Buffer, width: number, count: number): ArrayBuffer {
  const planes = new Uint8Array(count * width);
  for (let plane = 0, at = 0; plane < width; plane += 1) {
    const length = bytes.readUInt32LE(at);
    const kept = bytes.subarray(at + 4, at + 4 + length);
    planes.set(length < count ? zstdDecompressSync(kept) : kept, plane * count);
    at += 4 + length;
  }
  return fromPlanes(planes, width);
}
