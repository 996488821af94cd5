import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GpuSamples, parseIndexes, parseSample } from "./gpus.ts";

const line = (index: number, percent: number) => `${index}, GPU-${index}, NVIDIA H100 80GB HBM3, 81559, 00000000:1B:00.0, ${percent}, ${percent * 100}, 40, [N/A]`;
const use = (percent: number) => ({ percent, memoryMib: percent * 100, celsius: 40, watts: null });

describe("what nvidia-smi says on a job's node", () => {
  it("is told by Slurm's numbers where the job sees its own GPUs only, counted from 0", () => {
    expect(parseSample(`17 2,5\n${line(0, 10)}\n${line(1, 90)}\n`)).toEqual({ stamp: "17", gpus: [{ index: 2, use: use(10) }, { index: 5, use: use(90) }] });
  });

  it("leaves out the GPUs of other jobs where the job sees all of the node", () => {
    expect(parseSample(`17 1-2\n${[0, 1, 2, 3].map((index) => line(index, index)).join("\n")}`)?.gpus.map(({ index }) => index)).toEqual([1, 2]);
  });

  it("is nothing where no GPU is the job's, or the file is torn", () => {
    expect(parseSample(`17 \n${line(0, 10)}\n`)?.gpus).toEqual([]);
    expect(parseSample("NVIDIA-SMI has failed")).toBeNull();
    expect(parseIndexes("0,2-4,x,")).toEqual([0, 2, 3, 4]);
  });
});

describe("samples in an attempt's folder", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "drover-gpus-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are read once each, and only of nodes that the attempt is on", async () => {
    const samples = new GpuSamples();
    const attempt = { folder, nodes: ["n1"] };
    writeFileSync(join(folder, "gpus.n1"), `1 0\n${line(0, 50)}\n`);
    writeFileSync(join(folder, "gpus.n2"), `1 0\n${line(0, 99)}\n`);
    expect(await samples.read([attempt])).toEqual([{ node: "n1", index: 0, use: use(50) }]);
    expect(await samples.read([attempt])).toEqual([]);
    writeFileSync(join(folder, "gpus.n1"), `2 0\n${line(0, 60)}\n`);
    expect(await samples.read([attempt])).toEqual([{ node: "n1", index: 0, use: use(60) }]);
  });
});
