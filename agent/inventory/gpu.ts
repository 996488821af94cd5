import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { log, reason } from "../log.ts";
import { cut, parseSlices } from "./mig.ts";
import type { SharedGpus } from "./shared.ts";

const exec = promisify(execFile);

export interface Gpu {
  index: number;
  uuid: string;
  model: string;
  memoryMib: number;
  busId: string;
  health: "ok" | "degraded" | "failed";
  healthReason: string | null;
  /** Of a slice or share: its GPU, and how much of it, in thousandths. */
  part?: { of: string; milli: number };
  /** Of a share: by what rule. */
  shared?: SharedGpus;
  /** Null where the driver does not say. */
  use: { percent: number | null; memoryMib: number | null; celsius: number | null; watts: number | null };
}
export interface Xid {
  busId: string;
  code: number;
  message: string;
  /** Seconds since the boot by the kernel's own clock; null where its messages bear no time. */
  atSeconds: number | null;
  /** What it did to the GPU is undone: the driver was loaded anew after it, or says that the GPU needs nothing more. */
  over: boolean;
}

export const BASE_QUERY = ["index", "uuid", "name", "memory.total", "pci.bus_id", "utilization.gpu", "memory.used", "temperature.gpu", "power.draw"];
const MIG_QUERY = ["index", "mig.mode.current"];
export const HEALTH_QUERY = ["index", "ecc.errors.uncorrected.volatile.total", "remapped_rows.pending", "remapped_rows.failure"];

/** nvidia-smi writes what it does not know in brackets: [N/A], [Not Supported], [Unknown Error], [GPU is lost]. */
const known = (field: string | undefined): string | null => (field === undefined || field === "" || /^\[.*\]$|^N\/A$/.test(field) ? null : field);
const number = (field: string | undefined): number | null => {
  const text = known(field);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
};
const rows = (csv: string): string[][] => csv.split("\n").filter((line) => line.trim() !== "").map((line) => line.split(",").map((field) => field.trim()));

/** Parses `--query-gpu=<BASE_QUERY> --format=csv,noheader,nounits`. Lines that are not a GPU's are left out. */
export function parseGpus(csv: string): Gpu[] {
  const found: Gpu[] = [];
  for (const f of rows(csv)) {
    const index = number(f[0]);
    if (f.length < BASE_QUERY.length || index === null || !Number.isInteger(index)) continue;
    const lost = known(f[1]) === null;
    found.push({
      index,
      uuid: known(f[1]) ?? `unknown-${index}`,
      model: known(f[2]) ?? "unknown GPU",
      memoryMib: Math.round(number(f[3]) ?? 0),
      busId: normalBusId(known(f[4]) ?? ""),
      health: lost ? "failed" : "ok",
      healthReason: lost ? "nvidia-smi cannot read this GPU." : null,
      use: { percent: number(f[5]), memoryMib: number(f[6]), celsius: number(f[7]), watts: number(f[8]) },
    });
  }
  return found;
}

/** nvidia-smi writes 00000000:1B:00.0, the kernel 0000:1b:00. */
export const normalBusId = (text: string): string => text.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, "").replace(/\.\d+$/, "");

/** Parses `--query-gpu=<HEALTH_QUERY>`: index → what is wrong, or null. Worst first. */
export function parseHealth(csv: string): Map<number, { health: "degraded" | "failed"; reason: string } | null> {
  const found = new Map<number, { health: "degraded" | "failed"; reason: string } | null>();
  for (const f of rows(csv)) {
    const index = number(f[0]);
    if (index === null) continue;
    const ecc = number(f[1]) ?? 0;
    const yes = (field: string | undefined) => /^yes$/i.test(field ?? "") || (number(field) ?? 0) > 0;
    if (yes(f[3])) found.set(index, { health: "failed", reason: "A memory row could not be remapped: replace the GPU." });
    else if (ecc > 0) found.set(index, { health: "degraded", reason: `${ecc} uncorrected ECC ${ecc === 1 ? "error" : "errors"} since the driver loaded: reset the GPU.` });
    else found.set(index, yes(f[2]) ? { health: "degraded", reason: "A memory row waits to be remapped: reset the GPU." } : null);
  }
  return found;
}

/** XIDs after which the GPU does not work until somebody acts; the others are shown as events only. */
const FATAL_XIDS = new Map([
  [48, "double-bit ECC error"],
  [62, "internal micro-controller halt"],
  [64, "ECC page retirement or row remapper failure"],
  [74, "NVLink error"],
  [79, "GPU has fallen off the bus"],
  [95, "uncontained ECC error"],
  [119, "GSP timeout"],
  [120, "GSP error"],
]);
export const fatalXid = (code: number): string | null => FATAL_XIDS.get(code) ?? null;
/** The GPU goes on working after it, but whoever used it then does not. */
const CONTAINED: [number, string] = [94, "contained ECC error"];
const ENDS_WORK = new Map([...FATAL_XIDS, CONTAINED]);

/** The kernel's clock runs free while the uptime follows NTP: they part by up to this share of the time since the boot. */
const DRIFT = 100e-6;
const SLACK_SECONDS = 1;

/** The first fault of one of these GPUs between two uptimes, in seconds: one that ends whatever runs there, and is no program's doing. */
export function faultDuring(xids: readonly Xid[], busIds: readonly string[], { from, to }: { from: number; to: number }): (Xid & { says: string }) | null {
  const slack = SLACK_SECONDS + to * DRIFT;
  for (const xid of xids) {
    const says = ENDS_WORK.get(xid.code);
    if (says && busIds.includes(xid.busId) && xid.atSeconds !== null && xid.atSeconds >= from - slack && xid.atSeconds <= to + slack) return { ...xid, says };
  }
  return null;
}

const XID_OR_LOAD = /^(?:\[ *(\d+\.\d+)\] )?.*?NVRM: (?:Xid \(PCI:([0-9a-fA-F:.]+)\): (\d+),? ?(.*)|loading NVIDIA UNIX)/gm;
/** How the driver, where it tells such things, says that what it had asked for was done: `154, GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)`. */
const isRecovered = ({ code, message }: Xid): boolean => code === 154 && /\bto 0x0\b/.test(message);

/** XID lines of the kernel's log, oldest first: `[ 7922.200] NVRM: Xid (PCI:0000:1b:00): 79, pid=…, GPU has fallen off the bus.` */
export function parseXids(text: string): Xid[] {
  const found: Xid[] = [];
  for (const [, at, bus, code, message = ""] of text.matchAll(XID_OR_LOAD)) {
    const xid = bus === undefined ? null : { busId: normalBusId(bus), code: Number(code), message: message.trim().slice(0, 1000), atSeconds: at === undefined ? null : Number(at), over: false };
    if (!xid || isRecovered(xid)) for (const earlier of found) earlier.over ||= !xid || earlier.busId === xid.busId;
    if (xid) found.push(xid);
  }
  return found;
}

async function smi(fields: string[]): Promise<string | null> {
  try {
    const { stdout } = await exec("nvidia-smi", [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"], { timeout: 20_000, maxBuffer: 4 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    // Older drivers do not know every field; a broken GPU makes it exit non-zero while it still prints the others.
    const stdout = (error as { stdout?: string }).stdout ?? "";
    log.debug("nvidia-smi failed", { reason: reason(error) });
    return stdout;
  }
}

const printed = async (command: string, args: string[]): Promise<string> => (await exec(command, args, { timeout: 5_000, maxBuffer: 32 * 1024 * 1024 })).stdout;

/** The kernel's GPU errors since boot; null where this account may not read the kernel's messages. */
export async function readXids(run = printed): Promise<Xid[] | null> {
  const ring = await run("dmesg", ["--color=never"]).catch(() => null);
  if (ring !== null) return parseXids(ring);
  // To whom the journal is closed it may also say nothing and end well: no kernel is that silent.
  const journal = await run("journalctl", ["--dmesg", "--boot", "--quiet", "--no-pager", "--output=short-monotonic"]).catch(() => "");
  return journal.trim() === "" ? null : parseXids(journal);
}

/** Every NVIDIA GPU of this host with its health; empty without a driver. */
export async function readGpus(): Promise<{ gpus: Gpu[]; xids: Xid[] | null }> {
  const base = await smi(BASE_QUERY);
  const gpus = base === null ? [] : parseGpus(base);
  if (gpus.length === 0) return { gpus, xids: [] };
  const [healthText, xids] = await Promise.all([smi(HEALTH_QUERY), readXids()]);
  const health = parseHealth(healthText ?? "");
  const judged = gpus.map((gpu) => judge(gpu, health.get(gpu.index) ?? null, xids ?? []));
  return { gpus: await withSlices(judged), xids };
}

/** Slices in place of the GPUs that are cut into some. Drivers that know no MIG are asked nothing more. */
async function withSlices(gpus: Gpu[]): Promise<Gpu[]> {
  const isCut = new Set(rows((await smi(MIG_QUERY)) ?? "").flatMap(([index, mode]) => (mode === "Enabled" ? [Number(index)] : [])));
  if (isCut.size === 0) return gpus;
  const slices = parseSlices(await printed("nvidia-smi", ["-L"]).catch(() => ""));
  return gpus.flatMap((gpu) => (isCut.has(gpu.index) ? cut(gpu, slices.get(gpu.uuid) ?? []) : [gpu]));
}

/** One verdict per GPU from all that was seen of it. */
export function judge(gpu: Gpu, seen: { health: "degraded" | "failed"; reason: string } | null, xids: readonly Xid[]): Gpu {
  const fatal = xids.find((xid) => !xid.over && xid.busId === gpu.busId && fatalXid(xid.code) !== null);
  if (gpu.health === "failed") return gpu;
  if (fatal) return { ...gpu, health: "failed", healthReason: `XID ${fatal.code}: ${fatalXid(fatal.code)}.` };
  return seen ? { ...gpu, health: seen.health, healthReason: seen.reason } : gpu;
}
