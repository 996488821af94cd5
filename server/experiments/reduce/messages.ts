import type { Asked, Kind, Part, Stored, Task } from "./reductions.ts";

/** To a thread: one reduction is begun, fed and finished under one number; `drop` lets go of it. */
export type ToThread = { id: number } & ({ does: "begin"; task: Task } | { does: "add"; parts: PackedPart[]; bytes: ArrayBuffer } | { does: "finish" } | { does: "drop" });

/** Back from it: each of those but `drop` is answered, in order. */
export type FromThread = { id: number } & ({ answer?: Asked[Kind]["answer"] } | { failed: string });

/** Rows without their bytes. A thousand of them travel as three lists: as many small objects take longer than the work itself. */
interface PackedRows {
  /** Of each row, how many of the message's bytes are its own; 0 for one that is not packed. */
  lengths: number[];
  outlined: boolean[];
  /** Those that are not packed, in order. */
  plain: Stored[];
}
type PackedPart = Pick<Part, "id" | "began"> & { points: PackedRows; across: PackedRows | null };

/**
 * The parts with the bytes of all their rows in one buffer, which changes hands: the driver's own buffers are parts of larger ones,
 * and a message would copy those whole.
 */
export function packParts(parts: readonly Part[]): { parts: PackedPart[]; bytes: ArrayBuffer } {
  const all = parts.flatMap(({ points, across }) => [...points, ...(across ?? [])]);
  const bytes = new Uint8Array(all.reduce((sum, { body }) => sum + (body?.length ?? 0), 0));
  let end = 0;
  const pack = (rows: readonly Stored[]): PackedRows => {
    for (const { body } of rows) {
      if (!body) continue;
      bytes.set(body, end);
      end += body.length;
    }
    const plain = rows.filter(({ body }) => !body).map(({ steps, times, values }) => ({ steps, times, values, body: null }));
    return { lengths: rows.map(({ body }) => body?.length ?? 0), outlined: rows.map(({ outlined }) => outlined ?? false), plain };
  };
  return { parts: parts.map(({ id, began, points, across }) => ({ id, began, points: pack(points), across: across && pack(across) })), bytes: bytes.buffer };
}

export function unpackParts(parts: readonly PackedPart[], bytes: ArrayBuffer): Part[] {
  let end = 0;
  const unpack = ({ lengths, outlined, plain }: PackedRows): Stored[] => {
    let used = 0;
    return lengths.map((length, at) => {
      if (length === 0) return plain[used++]!;
      const body = Buffer.from(bytes, end, length);
      end += length;
      return { steps: null, times: null, values: null, body, outlined: outlined[at]! };
    });
  };
  return parts.map(({ id, began, points, across }) => ({ id, began, points: unpack(points), across: across && unpack(across) }));
}
