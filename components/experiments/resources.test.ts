import { expect, it } from "vitest";
import { resourcesLine, resourcesWords } from "./resources.tsx";

it.each([
  [{ cpus: 0.1, gpus: 0, nodes: 1 }, "0.1 cores"],
  [{ cpus: 0.5, gpus: 0, nodes: 1 }, "0.5 cores"],
  [{ cpus: 1.5, gpus: 0, nodes: 2 }, "3 cores · 2 nodes"],
  [{ cpus: 1, gpus: 0, nodes: 1 }, "1 core"],
  [{ cpus: 2000, gpus: 0, nodes: 1 }, "2,000 cores"],
  [{ cpus: 0.1, gpus: 0, nodes: 3 }, "0.3 cores · 3 nodes"],
  [{ cpus: 32, gpus: 8, nodes: 2 }, "16 GPUs · 2 nodes"],
])("%j is said as %s", (asked, words) => {
  expect(resourcesLine({ memoryMib: 1024, ...asked })).toBe(words);
});
it("says everything per node", () => {
  expect(resourcesWords({ cpus: 0.5, memoryMib: 4096, gpus: 1, nodes: 2 }, "H100")).toBe("1 GPU (H100), 0.5 cores, 4 GiB per node; 2 nodes");
});
