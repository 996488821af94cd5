import { expect, it } from "vitest";
import type { Launch } from "../driver.ts";
import { plainAsk } from "../contract.ts";
import { foreignJobs } from "./foreign.ts";
import { parseNodes } from "./inventory.ts";
import { parseQueueLine } from "./queue.ts";
import { sbatchArgs } from "./submission.ts";

const gpus = (gres: string) => parseNodes(`NodeName=n1 State=IDLE CPUTot=4 RealMemory=1000 Gres=${gres}`)[0]!.accelerators.map(({ index, model, shares }) => [index, model, shares]);

it.each([
  { gres: "gpu:h100:2(S:0-1),shard:h100:8(S:0-1)", are: [[0, "H100", 4], [1, "H100", 4]] }, // as Slurm 22.05 prints it
  { gres: "gpu:2,shard:8", are: [[0, "GPU", 4], [1, "GPU", 4]] },
  { gres: "gpu:a100:1,gpu:h100:2,shard:h100:4", are: [[0, "A100", undefined], [1, "H100", 2], [2, "H100", 2]] },
  { gres: "gpu:a100:1,gpu:h100:2,shard:7", are: [[0, "A100", 3], [1, "H100", 2], [2, "H100", 2]] },
  { gres: "gpu:h100:2,shard:2", are: [[0, "H100", undefined], [1, "H100", undefined]] }, // a whole one by another name
  { gres: "gpu:h100:1,mps:100", are: [[0, "H100", undefined]] },
  { gres: "shard:4", are: [] },
])("a node with $gres has its GPUs, and each in as many shares as are its own", ({ gres, are }) => {
  expect(gpus(gres)).toEqual(are);
});

it("a job asks for shares where its run does, of a type where the run names one", () => {
  const asked = (gpuModel: string | null) => sbatchArgs({ attemptId: "att_1", folder: "/f", memoryMib: 0, ask: { ...plainAsk(), gpus: 2, gpuModel } } as unknown as Launch, { whole: ["h100", "a100"], shared: ["h100"] }).filter((one) => /gres|gpus/.test(one));
  expect([asked(null), asked("h100"), asked("shared"), asked("H100.shared"), asked("H100 shared 1/4")]).toEqual([["--gpus-per-node=2"], ["--gpus-per-node=h100:2"], ["--gres=shard:2"], ["--gres=shard:h100:2"], ["--gres=shard:h100:2"]]);
  expect(() => asked("a100.shared")).toThrow("resources.gpuModel: no node has shares of a100; Slurm's GPU types that it shares are h100.");
});

it("jobs of others hold shares where Slurm says so", () => {
  const line = "5|RUNNING|None|ada|lab|gpu|normal|1|n1|4|cpu=4,mem=1G,gres/shard=3|1795000000|1795000060|N/A|1:00:00|10|0|NONE|5|theirs|";
  expect(foreignJobs(parseQueueLine(line)).jobs).toMatchObject([{ gpus: 0, shares: 3 }]);
});
