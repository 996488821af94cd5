import { describe, expect, it } from "vitest";
import { judge, parseGpus, parseHealth, parseXids, readXids } from "./gpu.ts";

/** As `nvidia-smi --query-gpu=index,uuid,name,memory.total,pci.bus_id,utilization.gpu,memory.used,temperature.gpu,power.draw --format=csv,noheader,nounits` prints. */
const H200 = `0, GPU-5f1f6a0c-7f7e-2a3d-9f0e-0a1b2c3d4e5f, NVIDIA H200, 143771, 00000000:1B:00.0, 97, 121034, 58, 612.41
1, GPU-77aa1c52-1111-2222-3333-444455556666, NVIDIA H200, 143771, 00000000:43:00.0, 0, 4, 31, 77.02
`;
const ODD = `0, GPU-aaaa, NVIDIA GeForce RTX 3060 Laptop GPU, 6144, 00000000:01:00.0, [N/A], 12, 44, [N/A]
Unable to determine the device handle for GPU1: 0000:43:00.0: Unknown Error
2, [Unknown Error], [Unknown Error], [Unknown Error], 00000000:61:00.0, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]
`;

describe("nvidia-smi's answer", () => {
  it("gives every GPU with what it uses", () => {
    const [first, second] = parseGpus(H200);
    expect(first).toEqual({ index: 0, uuid: "GPU-5f1f6a0c-7f7e-2a3d-9f0e-0a1b2c3d4e5f", model: "NVIDIA H200", memoryMib: 143_771, busId: "0000:1b:00", health: "ok", healthReason: null, use: { percent: 97, memoryMib: 121_034, celsius: 58, watts: 612.41 } });
    expect(second?.index).toBe(1);
  });
  it("leaves out what is no GPU, keeps what it does not know apart from zero, and fails a lost one", () => {
    const gpus = parseGpus(ODD);
    expect(gpus.map(({ index, health }) => [index, health])).toEqual([[0, "ok"], [2, "failed"]]);
    expect(gpus[0]?.use).toEqual({ percent: null, memoryMib: 12, celsius: 44, watts: null });
    expect(gpus[1]).toMatchObject({ memoryMib: 0, model: "unknown GPU" });
  });
  it("is nothing where it failed altogether", () => {
    expect(parseGpus("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n")).toEqual([]);
    expect(parseGpus("")).toEqual([]);
  });
});

describe("a GPU's health", () => {
  const gpu = parseGpus(H200)[0]!;
  it.each([
    { says: "nothing wrong", csv: "0, 0, 0, 0", health: undefined },
    { says: "ECC switched off", csv: "0, [N/A], [N/A], [N/A]", health: undefined },
    { says: "uncorrected ECC errors", csv: "0, 2, 0, 0", health: "degraded" },
    { says: "a row that waits to be remapped", csv: "0, 0, 1, 0", health: "degraded" },
    { says: "pending written as a word", csv: "0, 0, Yes, No", health: "degraded" },
    { says: "a row that cannot be remapped", csv: "0, 0, 0, 1", health: "failed" },
  ])("$says: $health", ({ csv, health }) => {
    expect(parseHealth(csv).get(0)?.health).toBe(health);
  });

  const KERNEL = `[   12.345] usb 1-1: new device
[ 7921.100] NVRM: Xid (PCI:0000:1b:00): 13, pid=4242, name=python3, Graphics Exception: ESR 0x50c648=0x0
[ 7922.200] NVRM: Xid (PCI:0000:43:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
[ 7923.300] NVRM: Xid (PCI:0000:43:00.0): 154, GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)
`;
  it("reads the kernel's XID lines", () => {
    expect(parseXids(KERNEL).map(({ busId, code }) => [busId, code])).toEqual([["0000:1b:00", 13], ["0000:43:00", 79], ["0000:43:00", 154]]);
  });
  it("fails on a fatal XID of that very GPU, not on a user's mistake or another's", () => {
    const xids = parseXids(KERNEL);
    expect(judge(gpu, null, xids).health).toBe("ok");
    expect(judge({ ...gpu, busId: "0000:43:00" }, null, xids)).toMatchObject({ health: "failed", healthReason: "XID 79: GPU has fallen off the bus." });
  });
  it.each([
    { says: "the driver was loaded anew", line: "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.105.08", health: "ok" },
    { says: "the driver says that this GPU needs nothing more", line: "NVRM: Xid (PCI:0000:43:00): 154, GPU recovery action changed from 0x2 (Node Reboot Required) to 0x0 (None)", health: "ok" },
    { says: "another GPU was reset", line: "NVRM: Xid (PCI:0000:1b:00): 154, GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)", health: "failed" },
    { says: "it came again after the driver was loaded anew", line: "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.105.08\nNVRM: Xid (PCI:0000:43:00): 79, GPU has fallen off the bus.", health: "failed" },
  ])("is $health after a fatal XID when $says", ({ line, health }) => {
    expect(judge({ ...gpu, busId: "0000:43:00" }, null, parseXids(`${KERNEL}[ 9000.100] ${line}\n`)).health).toBe(health);
  });

  it.each([
    { says: "dmesg", dmesg: KERNEL, journal: null, found: 3 },
    { says: "a silent dmesg", dmesg: "", journal: null, found: 0 },
    { says: "the journal where dmesg is forbidden", dmesg: null, journal: KERNEL, found: 3 },
    { says: "nothing where the journal is closed too, which is no good news", dmesg: null, journal: "\n", found: undefined },
    { says: "nothing where there is no journal", dmesg: null, journal: null, found: undefined },
  ])("reads XIDs from $says", async ({ dmesg, journal, found }) => {
    const run = (command: string) => {
      const text = command === "dmesg" ? dmesg : journal;
      return text === null ? Promise.reject(new Error("Operation not permitted")) : Promise.resolve(text);
    };
    expect((await readXids(run))?.length).toBe(found);
  });
});
