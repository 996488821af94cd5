import { expect, it } from "vitest";
import { modelPaths } from "./artifact-paths.ts";

it("offers a folder that MLflow wrote first, then every folder, then every file, each once", () => {
  expect(modelPaths(["out/best.pt", "z/model/MLmodel", "z/model/data/weights.bin", "log.txt"])).toEqual(["z/model", "out", "z", "z/model/data", "log.txt", "out/best.pt", "z/model/MLmodel", "z/model/data/weights.bin"]);
  expect(modelPaths([])).toEqual([]);
});
