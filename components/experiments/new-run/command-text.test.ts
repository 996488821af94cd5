import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { areLines, argumentsOf, shellLine } from "./command-text.ts";

it("gives back the arguments of a line that it wrote of them", () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), (args) => void expect(argumentsOf(shellLine(args))).toEqual(args)));
});
it("writes a line that a shell reads as the same arguments", () => {
  const args = ["python", "-c", "print('a b', 1 > 0)", "$HOME", "", "it's", 'say "x"', "a\nb", "*", "back\\slash"];
  const read = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${shellLine(args)}`], { encoding: "utf8" });
  expect(read.split("\0").slice(0, -1)).toEqual(args);
});
it.each([
  ["python train.py --epochs 10", ["python", "train.py", "--epochs", "10"]],
  ["python -c \"print(1, 'a b')\"", ["python", "-c", "print(1, 'a b')"]],
  ["echo 'it'\\''s' a\\ b", ["echo", "it's", "a b"]],
  ["python \\\n  train.py", ["python", "train.py"]],
  ['echo "a \\"b\\" \\n"', ["echo", 'a "b" \\n']],
  ["echo 'open", ["echo", "'open"]],
  ["  ", [""]],
])("parts the line %j as a shell does", (line, args) => {
  expect(argumentsOf(line)).toEqual(args);
});
it("shows no list a line per argument in which one has a line break", () => {
  expect([areLines(["a", "b c"]), areLines(["python", "-c", "a\nb"])]).toEqual([true, false]);
});
