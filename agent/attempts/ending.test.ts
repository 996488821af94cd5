import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, uptime } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ServerClock } from "../clock.ts";
import type { Ended } from "../drivers/driver.ts";
import { decodeStatus } from "../drivers/handle.ts";
import { parseGpus, readXids } from "../inventory/gpu.ts";
import { stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { lastWordOf } from "./ending.ts";
import { AttemptRecord } from "./record.ts";

const root = await mkdtemp(path.join(tmpdir(), "drover-ending-"));
afterAll(() => rm(root, { recursive: true, force: true }));

/** As nvidia-smi prints the base query (gpu.test.ts): the attempts here hold the second GPU. */
const GPUS = parseGpus(`0, GPU-5f1f6a0c, NVIDIA H200, 143771, 00000000:1B:00.0, 97, 121034, 58, 612.41
1, GPU-77aa1c52, NVIDIA H200, 143771, 00000000:43:00.0, 0, 4, 31, 77.02
`);
const LOST = "NVRM: Xid (PCI:0000:43:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.";
/** It ran from 7,900 s to 8,000 s after the boot. */
const RAN = { from: 7_900, to: 8_000 };

let count = 0;
async function attempt(gpus: readonly number[] = [1]): Promise<AttemptRecord> {
  const desired = order("true", { gpus: gpus.length });
  const attemptId = `att_ending_${(count += 1)}`;
  const state = stateFolder(root);
  await mkdir(path.join(state.attempts, attemptId), { recursive: true });
  const record = await AttemptRecord.create(state, { attemptId, fence: "1", spec: desired.spec }, "boot");
  await record.saveIntent({ at: 0, accelerators: [...gpus], busIds: gpus.map((index) => GPUS[index]!.busId), port: null });
  return record;
}
const ended = (status: number, more: Partial<Ended> = {}): Ended => ({ at: Date.now(), ...decodeStatus(status), cause: "exited", detail: `Exited with code ${status}.`, peakMemoryMib: null, up: RAN, ...more });

const dmesg = (text: string) => () => readXids((command) => (command === "dmesg" ? Promise.resolve(text) : Promise.reject(new Error("not asked"))));
const journal = (text: string) => () => readXids((command) => (command === "dmesg" ? Promise.reject(new Error("Operation not permitted")) : Promise.resolve(text)));
const lastWord = (record: AttemptRecord, how: Ended, kernel: () => ReturnType<typeof readXids>) => lastWordOf(new ServerClock(), record, how, kernel);

describe("an end on a GPU that failed meanwhile", () => {
  it("is the hardware's, with the XID and the exit code for evidence", async () => {
    const exit = await lastWord(await attempt(), ended(1), dmesg(`[    3.100000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.105.08\n[ 7922.200000] ${LOST}\n`));
    expect(exit).toMatchObject({ cause: "hardware", code: 1, detail: "XID 79 on GPU 1 (0000:43:00) while it ran: GPU has fallen off the bus. Exited with code 1." });
  });

  it.each([
    { says: "it was ended by a signal", how: ended(134), kernel: dmesg(`[ 7922.200000] ${LOST}\n`) },
    { says: "only the journal tells", how: ended(1), kernel: journal(`[ 7922.200000] node-1 kernel: ${LOST}\n`) },
    { says: "the error was contained to whoever used the GPU", how: ended(1), kernel: dmesg("[ 7999.900000] NVRM: Xid (PCI:0000:43:00): 94, pid=4242, name=python3, Contained: SM (0x1). RST: No, D-RST: No\n") },
    { says: "the GPU was well again when we looked", how: ended(1), kernel: dmesg(`[ 7922.200000] ${LOST}\n[ 8001.000000] NVRM: Xid (PCI:0000:43:00.0): 154, GPU recovery action changed from 0x2 (Node Reboot Required) to 0x0 (None)\n`) },
    { says: "the kernel's clock is as far behind as it may be after months", how: ended(1, { up: { from: 9_000_000, to: 9_000_010 } }), kernel: dmesg(`[8999500.000000] ${LOST}\n`) },
  ])("is the hardware's where $says", async ({ how, kernel }) => {
    expect((await lastWord(await attempt(), how, kernel)).cause).toBe("hardware");
  });

  it.each([
    { says: "it ended well", how: ended(0), kernel: dmesg(`[ 7922.200000] ${LOST}\n`) },
    { says: "another GPU failed", how: ended(1), kernel: dmesg(`[ 7922.200000] ${LOST.replace("43", "1b")}\n`) },
    { says: "it held no GPU", holds: [], how: ended(1), kernel: dmesg(`[ 7922.200000] ${LOST}\n`) },
    { says: "the GPU had failed before it", how: ended(1), kernel: dmesg(`[ 7001.000000] ${LOST}\n`) },
    { says: "the GPU failed after it", how: ended(1), kernel: dmesg(`[ 8044.000000] ${LOST}\n`) },
    { says: "the XID is a program's mistake", how: ended(1), kernel: dmesg("[ 7922.200000] NVRM: Xid (PCI:0000:43:00): 31, pid=4242, name=python3, Ch 00000008, MMU Fault\n") },
    { says: "the kernel does not say when", how: ended(1), kernel: dmesg(`${LOST}\n`) },
    { says: "the kernel's messages are closed to the agent", how: ended(1), kernel: journal("\n") },
  ])("is its own where $says", async ({ holds, how, kernel }) => {
    expect((await lastWord(await attempt(holds ?? [1]), how, kernel)).cause).toBe("exited");
  });

  it("answers a stop all the same where one was asked for first", async () => {
    const record = await attempt();
    await record.saveStop({ cause: "stopped", reason: "Stopped: cancelled." });
    const exit = await lastWord(record, ended(143, { up: { from: uptime() - 100, to: uptime() + 1 } }), dmesg(`[${(uptime() - 5).toFixed(6)}] ${LOST}\n`));
    expect(exit.cause).toBe("stopped");
  });
});

describe("an end after a stop", () => {
  const quiet = dmesg("");
  const HOUR = 3_600_000;
  it.each([
    { says: "answers it, though the wall clock was set back meanwhile", wall: -HOUR, up: 0.02, cause: "stopped" },
    { says: "that came just before it was its own, though the wall clock was set forward meanwhile", wall: HOUR, up: -0.02, cause: "exited" },
  ])("$says", async ({ wall, up, cause }) => {
    const record = await attempt([]);
    await record.saveStop({ cause: "stopped", reason: "Stopped." });
    const to = record.stop!.up! + up;
    expect((await lastWord(record, ended(143, { at: Date.now() + wall, up: { from: to - 10, to } }), quiet)).cause).toBe(cause);
  });

  it("answers a stop that an earlier agent journaled", async () => {
    const first = await attempt([]);
    await first.saveStop({ cause: "timeout", reason: "Its limit of 5 s ran out." });
    const adopted = (await AttemptRecord.load(stateFolder(root), first.id, "boot"))!;
    const to = uptime() + 1;
    expect(await lastWord(adopted, ended(137, { at: Date.now() - HOUR, up: { from: to - 10, to } }), quiet)).toMatchObject({ cause: "timeout", signal: "SIGKILL" });
  });

  it("is told apart by the wall clock where its host or its agent noted no uptime", async () => {
    const record = await attempt([]);
    await record.saveStop({ cause: "stopped", reason: "Stopped." });
    const { at } = record.stop!;
    expect((await lastWord(record, ended(143, { at: at + 1, up: null }), quiet)).cause).toBe("stopped");
    await writeFile(record.folder.stop, JSON.stringify({ at, cause: "stopped", reason: "Stopped." }));
    const older = (await AttemptRecord.load(stateFolder(root), record.id, "boot"))!;
    expect((await lastWord(older, ended(1, { at: at - HOUR }), quiet)).cause).toBe("exited");
  });
});
