import { expect, it } from "vitest";
import { foundSoFar } from "./found-so-far.ts";

const runs = [{ id: "run_1", name: "Llama-7b" }, { id: "run_2", name: "resnet" }];

it("offers of an earlier answer only the runs that the text names, too", () => {
  expect(foundSoFar(runs, "llama", false).map(({ id }) => id)).toEqual(["run_1"]);
  expect(foundSoFar(runs, "run_2", false).map(({ id }) => id)).toEqual(["run_2"]);
  expect(foundSoFar(runs, "bert", false)).toEqual([]);
});
it("offers all that the server found for it, whatever they are called", () => {
  expect(foundSoFar(runs, "lr=0.1", true)).toEqual(runs);
});
