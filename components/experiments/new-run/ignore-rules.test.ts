import { expect, it } from "vitest";
import { keptPaths } from "./ignore-rules.ts";

const kept = (paths: string[], texts: Record<string, string>) => keptPaths(paths, new Map(Object.entries(texts)));

it("leaves out what git would, and git's own folder", () => {
  expect(kept(["train.py", ".git/config", "data/big.bin", "logs/a.log", "sub/.git/x"], { ".gitignore": "data/\n*.log\n" })).toEqual(["train.py"]);
});
it("lets an inner file decide for its own folder only", () => {
  expect(kept(["keep.log", "sub/keep.log", "sub/other.log"], { ".gitignore": "*.log\n", "sub/.gitignore": "!keep.log\n" })).toEqual(["sub/keep.log"]);
});
it("brings nothing back from below a folder that is left out, as git does not", () => {
  expect(kept(["out/a.txt", "out/keep.txt"], { ".gitignore": "out/\n!out/keep.txt\n" })).toEqual([]);
});
it("keeps everything in order where nothing is said", () => {
  expect(kept(["b", "a/c", "a/b"], {})).toEqual(["a/b", "a/c", "b"]);
});
