import os from "node:os";
import type { NodeReport } from "../protocol/messages.ts";
import { type Gpu, readGpus, type Xid } from "./gpu.ts";
import { diskMib } from "./host.ts";
import { type SharedGpus, sharesOf, shareVariables } from "./shared.ts";

/** nvidia-smi takes a second on a busy host, so its answer is kept this long, and the old one serves while a new one is read. */
const FRESH_MS = 15_000;
type Reading = { gpus: Gpu[]; xids: Xid[] | null };
let kept: { at: number; reading: Promise<Reading> } | null = null;
let refreshing = false;

/** The host's GPUs, those that `shared` names as their shares. Only the first caller waits for nvidia-smi. */
export async function gpusNow(shared: readonly SharedGpus[]): Promise<Reading> {
  const { gpus, xids } = await readingNow();
  return { gpus: gpus.flatMap((gpu) => sharesOf(gpu, shared)), xids };
}

function readingNow(): Promise<Reading> {
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

/** What an attempt is given besides the numbers of its GPUs. `variables`: for MPS. `shares`: how many there are of each GPU that it shares. */
interface Devices {
  busIds: string[];
  visible: string[];
  variables?: Record<string, string>;
  shares?: number;
}

/**
 * Where on the bus these GPUs are: one that has fallen off it is not there to be asked any more, so this is for before. And as what
 * CUDA is told of them: a slice has no number there, and of a share there is only its GPU.
 */
export async function devicesOf(indexes: readonly number[], shared: readonly SharedGpus[]): Promise<Devices> {
  if (indexes.length === 0) return { busIds: [], visible: [] };
  const { gpus } = await gpusNow(shared);
  const found = indexes.map((index) => gpus.find((gpu) => gpu.index === index));
  const byUuid = found.some((gpu) => gpu?.part);
  const nameOf = (gpu: Gpu) => (gpu.shared ? gpu.part!.of : gpu.uuid);
  const visible = found.map((gpu, at) => (byUuid && gpu ? nameOf(gpu) : String(indexes[at])));
  const held = found.filter((gpu) => gpu !== undefined);
  const shares = held[0]?.shared?.shares;
  return { busIds: found.map((gpu) => gpu?.busId ?? ""), visible: [...new Set(visible)], ...(shares ? { shares, variables: shareVariables(held) } : {}) };
}

export interface InventoryInput {
  name: string;
  stateHome: string;
  /** Accelerator index → the attempt that holds it. */
  holders: ReadonlyMap<number, string>;
  shared: readonly SharedGpus[];
}

/** This machine as one node. */
export async function readInventory({ name, stateHome, holders, shared }: InventoryInput): Promise<NodeReport[]> {
  const [{ gpus }, disk] = await Promise.all([gpusNow(shared), diskMib(stateHome)]);
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
