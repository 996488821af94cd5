import type { Asked, Kind, Part, Stored, Task } from "./reductions.ts";

/** To a thread: one reduction is begun, fed and finished under one number; `drop` lets go of it. */
export type ToThread = { id: number } & ({ does: "begin"; task: Task } | { does: "add"; parts: Part[] } | { does: "finish" } | { does: "drop" });

/** Back from it: each of those but `drop` is answered, in order. */
export type FromThread = { id: number } & ({ answer?: Asked[Kind]["answer"] } | { failed: string });

/**
 * The parts with the bytes of all their rows in one buffer, which changes hands: the driver's own buffers are parts of larger ones,
 * and a message would copy those whole.
 */
export function packParts(parts: readonly Part[]): { parts: Part[]; buffer: ArrayBuffer } {
  const all = parts.flatMap(({ points, across }) => [...points, ...(across ?? [])]);
  const bytes = new Uint8Array(all.reduce((sum, { body }) => sum + (body?.length ?? 0), 0));
  let end = 0;
  const moved = (row: Stored): Stored => {
    if (!row.body) return { steps: row.steps, times: row.times, values: row.values, body: null };
    bytes.set(row.body, end);
    const body = bytes.subarray(end, (end += row.body.length)) as Buffer; // a thread makes a Buffer of it again
    return { steps: null, times: null, values: null, body, outlined: row.outlined };
  };
  return { parts: parts.map(({ points, across, ...part }) => ({ ...part, points: points.map(moved), across: across && across.map(moved) })), buffer: bytes.buffer };
}

export function unpackParts(parts: readonly Part[]): Part[] {
  const whole = (row: Stored): Stored => (row.body ? { ...row, body: Buffer.from(row.body.buffer, row.body.byteOffset, row.body.length) } : row);
  return parts.map((part) => ({ ...part, points: part.points.map(whole), across: part.across && part.across.map(whole) }));
}
