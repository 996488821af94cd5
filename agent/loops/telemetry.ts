import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import { pause } from "../backoff.ts";
import type { AcceleratorUse, Driver } from "../drivers/driver.ts";
import type { ServerClient } from "../identity/client.ts";
import { Banned, mayPass } from "../identity/refusals.ts";
import { log, reason } from "../log.ts";
import { fatalXid } from "../inventory/gpu.ts";
import { cpuTimes, diskMib, memoryUsedMib, networkBytes } from "../inventory/host.ts";
import { gpusNow } from "../inventory/inventory.ts";
import type { SharedGpus } from "../inventory/shared.ts";
import { AGENT_PATHS, Ok, type Telemetry } from "../protocol/messages.ts";

const EVERY_MS = 5_000;
/** A scheduler that asks a machine which is gone may answer late: what the others say does not wait longer for it. */
const PATIENCE_MS = 2_000;
/** Ten minutes of samples wait for a server that is away; older ones make room. */
const RING = 120;
const EVENTS = 200;
const CLOCK_OFF_MS = 60_000;
const DISK_LOW_MIB = 1024;
const KERNEL_CLOSED = "The agent's account may not read the kernel's messages, so XID errors of GPUs go unseen. Give it the capability CAP_SYSLOG, or add it to the group systemd-journal, and restart the agent.";

type Sample = Telemetry["samples"][number];
type Event = Telemetry["events"][number];
type Key = Sample["key"];
interface Row {
  time: number;
  subject: Sample["subject"];
  id: string;
  key: Key;
  value: number;
}

/** Rows by series, as the protocol writes them. */
export function samplesOf(rounds: readonly (readonly Row[])[]): Sample[] {
  const series = new Map<string, Sample>();
  for (const row of rounds.flat()) {
    const key = `${row.subject}\n${row.id}\n${row.key}`;
    const sample = series.get(key) ?? { subject: row.subject, id: row.id, key: row.key, times: [], values: [] };
    series.set(key, sample);
    sample.times.push(row.time);
    sample.values.push(row.value);
  }
  return [...series.values()];
}

const rowsAt = (time: number, rows: readonly Omit<Row, "time">[]): Row[] => rows.map((row) => ({ time, ...row }));

function gpuRows({ node, index, use }: AcceleratorUse): Omit<Row, "time">[] {
  const values: [Key, number | null][] = [["gpu", use.percent], ["gpuMemory", use.memoryMib], ["temperature", use.celsius], ["power", use.watts]];
  return values.flatMap(([key, value]) => (value === null ? [] : [{ subject: "accelerator" as const, id: `${node}/${index}`, key, value }]));
}

export interface TelemetryParts {
  client: ServerClient;
  supervisor: Supervisor;
  driver: Driver;
  nodeName: string;
  stateHome: string;
  /** GPUs that several runs have at once. */
  shared?: readonly SharedGpus[];
}

/** What the machine and its attempts use, every 5 s. Best effort: what is lost is a gap in a chart. */
export class TelemetryLoop {
  private readonly parts: TelemetryParts;
  private rounds: Row[][] = [];
  private events: Event[] = [];
  /** Sent and not answered yet: it goes again as it was, since the server may have it. */
  private inFlight: Telemetry | null = null;
  private batches = 0;
  private lastCpu: ReturnType<typeof cpuTimes> | null = null;
  private lastNet: { at: number; in: number; out: number } | null = null;
  private looking: Promise<void> | null = null;
  private readonly lastAttempt = new Map<string, { at: number; cpuSeconds: number }>();
  private readonly said = new Set<string>();

  constructor(parts: TelemetryParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.sample();
        await this.send(signal);
      } catch (error) {
        if (error instanceof Banned) return;
        log.debug("Telemetry waits", { reason: reason(error) });
      }
      await pause(EVERY_MS, signal);
    }
  }

  /** Something that people should see on the cluster's page. */
  note(kind: Event["kind"], message: string, accelerator: number | null = null): void {
    this.events.push({ at: this.parts.client.clock.now(), node: this.parts.nodeName, kind, message: message.slice(0, 2000), accelerator });
    this.events = this.events.slice(-EVENTS);
  }

  dropped(record: AttemptRecord, bytes: number): void {
    this.note("spool_full", `The spool of ${record.id} is full: ${bytes} log bytes were dropped.`);
  }

  private noteOnce(key: string, ...event: Parameters<TelemetryLoop["note"]>): void {
    if (this.said.has(key)) return;
    this.said.add(key);
    this.note(...event);
  }

  async sample(): Promise<void> {
    const time = this.parts.client.clock.now();
    const own = this.parts.driver.placesItself ? [this.remoteGpus()] : [this.node(), this.gpus()]; // a scheduler's agent is on none of its nodes
    this.looking ??= this.lookAtAttempts().finally(() => (this.looking = null));
    const [parts] = await Promise.all([Promise.all(own), Promise.race([this.looking, pause(PATIENCE_MS)])]);
    this.rounds.push(rowsAt(time, parts.flat()));
    this.rounds = this.rounds.slice(-RING);
    const off = this.parts.client.clock.ahead();
    if (Math.abs(off) > CLOCK_OFF_MS) this.noteOnce("clock", "clock", `This machine's clock is ${Math.round(-off / 1000)} s off the server's. Times are corrected.`);
  }

  /** One look at a time. What it finds goes with the round before: a round of its own would leave room for half as many. */
  private async lookAtAttempts(): Promise<void> {
    try {
      const rows = await this.attempts();
      if (this.rounds.length === 0) this.rounds.push([]);
      this.rounds.at(-1)!.push(...rowsAt(this.parts.client.clock.now(), rows));
    } catch (error) {
      log.debug("What attempts use is not known", { reason: reason(error) });
    }
  }

  private async node(): Promise<Omit<Row, "time">[]> {
    const rows: Omit<Row, "time">[] = [];
    const add = (key: Key, value: number) => rows.push({ subject: "node", id: this.parts.nodeName, key, value });
    const cpu = cpuTimes();
    if (this.lastCpu && cpu.total > this.lastCpu.total) add("cpu", ((cpu.busy - this.lastCpu.busy) / (cpu.total - this.lastCpu.total)) * cpu.cores);
    this.lastCpu = cpu;
    add("memory", await memoryUsedMib());
    const disk = await diskMib(this.parts.stateHome);
    add("disk", disk.used);
    if (disk.free < DISK_LOW_MIB) this.noteOnce("disk", "disk_full", `${disk.free} MiB are free where the agent keeps jobs and spools.`);
    else this.said.delete("disk");
    const net = await networkBytes();
    const at = performance.now();
    if (net && this.lastNet && at > this.lastNet.at) {
      const seconds = (at - this.lastNet.at) / 1000;
      add("networkIn", Math.max(0, (net.in - this.lastNet.in) / seconds));
      add("networkOut", Math.max(0, (net.out - this.lastNet.out) / seconds));
    }
    this.lastNet = net && { at, ...net };
    return rows;
  }

  private async gpus(): Promise<Omit<Row, "time">[]> {
    const { gpus, xids } = await gpusNow(this.parts.shared ?? []);
    for (const gpu of gpus) if (gpu.health !== "ok") this.noteOnce(`gpu ${gpu.index} ${gpu.healthReason}`, "ecc", `GPU ${gpu.index}: ${gpu.healthReason}`, gpu.index);
    if (xids === null) this.noteOnce("kernel", "agent", KERNEL_CLOSED);
    for (const xid of xids ?? []) {
      const index = gpus.find((gpu) => gpu.busId === xid.busId)?.index ?? null;
      this.noteOnce(`xid ${xid.busId} ${xid.code} ${xid.message}`, "xid", `XID ${xid.code} on ${xid.busId}: ${fatalXid(xid.code) ?? xid.message}`, index);
    }
    return gpus.flatMap(({ index, use }) => gpuRows({ node: this.parts.nodeName, index, use }));
  }

  /** As the attempts' own jobs measured them: of nodes on which nothing of ours runs, nothing is known. */
  private async remoteGpus(): Promise<Omit<Row, "time">[]> {
    const holding = this.running().map((record) => ({ folder: record.folder.home, nodes: record.report.nodes }));
    const uses = await this.parts.driver.acceleratorUse?.(holding);
    return (uses ?? []).flatMap(gpuRows);
  }

  private running(): AttemptRecord[] {
    return this.parts.supervisor.running().filter((record) => record.report.state === "running");
  }

  private async attempts(): Promise<Omit<Row, "time">[]> {
    const use = await this.parts.driver.usage(this.running().map((record) => ({ attemptId: record.id, folder: record.folder.home })));
    const at = performance.now() / 1000;
    const rows: Omit<Row, "time">[] = [];
    for (const [id, { cpuSeconds, memoryMib }] of use) {
      const last = this.lastAttempt.get(id);
      rows.push({ subject: "attempt", id, key: "memory", value: memoryMib });
      // Children that ended take their CPU time with them: the sum may fall, the use is then unknown for a round.
      if (last && at > last.at && cpuSeconds >= last.cpuSeconds) rows.push({ subject: "attempt", id, key: "cpu", value: (cpuSeconds - last.cpuSeconds) / (at - last.at) });
      this.lastAttempt.set(id, { at, cpuSeconds });
    }
    for (const id of this.lastAttempt.keys()) if (!use.has(id)) this.lastAttempt.delete(id);
    return rows;
  }

  /** What gathered since; a batch whose answer was lost first, as it was. */
  async send(signal: AbortSignal): Promise<void> {
    if (!this.parts.client.clock.learnt) return; // times in our own clock would be wrong ones
    do {
      this.inFlight ??= this.nextBatch();
      await this.parts.client.json(AGENT_PATHS.telemetry, this.inFlight, Ok, signal).catch((error: unknown) => {
        if (!mayPass(error)) this.inFlight = null; // refused for what it is: the same again would block all after it
        throw error;
      });
      this.inFlight = null;
    } while (this.rounds.length > 0 && !signal.aborted); // what gathered while the one before was on its way
  }

  private nextBatch(): Telemetry {
    this.batches += 1;
    const message: Telemetry = { batch: this.batches, samples: samplesOf(this.rounds).slice(0, 10_000), events: this.events };
    this.rounds = [];
    this.events = [];
    return message;
  }
}
