import { expect, it } from "vitest";
import { plainAsk } from "../contract.ts";
import type { Launch } from "../driver.ts";
import { jobScript } from "./script.ts";

const script = (ask: Partial<Launch["ask"]>) => jobScript({ attemptId: "att_1", folder: "/f", command: ["train"], env: {}, workingDirectory: "/w", memoryMib: 0, runAs: null, ask: plainAsk({ launcher: "torchrun", ...ask }) });

it("lets torchrun's workers meet on the nodes that the job has, and begin on fewer where the run allows it", () => {
  expect(script({ nodes: 4 })).toContain("--nnodes=4'");
  expect(script({ nodes: 4, minNodes: 2 })).toContain("--nnodes=2:4'");
  expect(script({ nodes: 3, minNodes: 3 })).toContain("--nnodes=3'");
  expect(script({ nodes: 4, minNodes: 2 })).toMatch(/srun --ntasks=4 --ntasks-per-node=1 --nodes=4 .*"--rdzv_endpoint=\$MASTER_ADDR:\$MASTER_PORT"/);
  expect(script({ nodes: 1, minNodes: 1 })).toContain("--standalone");
});
