import os from "node:os";
import type { NodeReport } from "../protocol/messages.ts";
import { type Gpu, readGpus, type Xid } from "./gpu.ts";
import { diskMib } from "./host.ts";

/** nvidia-smi takes a second on a busy host, so its answer is kept this long, and the old one serves while a new one is read. */
const FRESH_MS = 15_000;
type Reading = { gpus: Gpu[]; xids: Xid[] | null };
let kept: { at: number; reading: Promise<Reading> } | null = null;
let refreshing = false;

/** The host's GPUs. Only the first caller waits for nvidia-smi. */
export function gpusNow(): Promise<Reading> {
  kept ??= { at: performance.now(), reading: readGpus() };
  if (performance.now() - kept.at > FRESH_MS && !refreshing) {
    refreshing = true;
    void readGpus()
      .then((reading) => {
        kept = { at: performance.now(), reading: Promise.resolve(reading) };
      })
      .finally(() => {
        refreshing = false;
      });
  }
  return kept.reading;
}

/**
 * Where on the bus these GPUs are: one that has fallen off it is not there to be asked any more, so this is for before. And as what
 * CUDA is told of them: a slice has no number there.
 */
export async function devicesOf(indexes: readonly number[]): Promise<{ busIds: string[]; visible: string[] }> {
  if (indexes.length === 0) return { busIds: [], visible: [] };
  const { gpus } = await gpusNow();
  const found = indexes.map((index) => gpus.find((gpu) => gpu.index === index));
  const byUuid = found.some((gpu) => gpu?.part);
  return { busIds: found.map((gpu) => gpu?.busId ?? ""), visible: found.map((gpu, at) => (byUuid && gpu ? gpu.uuid : String(indexes[at]))) };
}

export interface InventoryInput {
  name: string;
  stateHome: string;
  /** Accelerator index → the attempt that holds it. */
  holders: ReadonlyMap<number, string>;
}

/** This machine as one node. */
export async function readInventory({ name, stateHome, holders }: InventoryInput): Promise<NodeReport[]> {
  const [{ gpus }, disk] = await Promise.all([gpusNow(), diskMib(stateHome)]);
  return [
    {
      name,
      cpus: os.availableParallelism(),
      memoryMib: Math.max(1, Math.floor(os.totalmem() / 1024 / 1024)),
      diskMib: disk.total,
      state: "up",
      stateReason: null,
      accelerators: gpus.map((gpu) => ({
        index: gpu.index,
        uuid: gpu.uuid.slice(0, 128),
        model: gpu.model.slice(0, 128),
        memoryMib: gpu.memoryMib,
        health: gpu.health,
        healthReason: gpu.healthReason,
        attemptId: holders.get(gpu.index) ?? null,
        ...(gpu.part ? { part: { of: gpu.part.of.slice(0, 128), milli: gpu.part.milli } } : {}),
      })),
    },
  ];
}
