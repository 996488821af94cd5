import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listMatching } from "./globs.ts";

const LONG = `${"a".repeat(200)}!`;
const FILES = ["a.txt", "b.log", ".hidden", "out/model.pt", "out/log.txt", "out/deep/er/model.pt", "v2/x1.csv", "v2/x10.csv", "v2/y1.csv", "weird [1].txt", "weird (1).txt", "über.txt", "😀.txt", `long/${LONG}`];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-globs-"));
  for (const file of FILES) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  symlinkSync("out", join(folder, "linked"));
  symlinkSync("a.txt", join(folder, "linked.txt"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const all = (of: (file: string) => boolean) => FILES.filter(of).toSorted();

describe("files that patterns name", () => {
  it.each<[string[], string[]]>([
    [["a.txt"], ["a.txt"]],
    [["./a.txt"], ["a.txt"]],
    [["."], FILES],
    [["**"], FILES],
    [["*"], all((file) => !file.includes("/"))],
    [["out"], all((file) => file.startsWith("out/"))],
    [["out/"], all((file) => file.startsWith("out/"))],
    [["out/**"], all((file) => file.startsWith("out/"))],
    [["out/*"], ["out/log.txt", "out/model.pt"]],
    [["out/*.pt"], ["out/model.pt"]],
    [["**/*.pt"], ["out/deep/er/model.pt", "out/model.pt"]],
    [["out/**/model.pt"], ["out/deep/er/model.pt", "out/model.pt"]],
    [["out/**/er"], ["out/deep/er/model.pt"]],
    [["*.{txt,log}"], ["a.txt", "b.log", "weird (1).txt", "weird [1].txt", "über.txt", "😀.txt"]],
    [["{out,v2/x1.csv}"], ["out/deep/er/model.pt", "out/log.txt", "out/model.pt", "v2/x1.csv"]],
    [["v2/[xz]?.csv"], ["v2/x1.csv"]],
    [["v2/[!x]*"], ["v2/y1.csv"]],
    [["v2/x{1..10}.csv"], ["v2/x1.csv", "v2/x10.csv"]],
    [["v2/@(x1|y1).csv"], ["v2/x1.csv", "v2/y1.csv"]],
    [["v2/*.(csv|tsv)"], ["v2/x1.csv", "v2/x10.csv", "v2/y1.csv"]],
    [["v2/x+([0-9]).csv"], ["v2/x1.csv", "v2/x10.csv"]],
    [["v2/x1?(0).csv"], ["v2/x1.csv", "v2/x10.csv"]],
    [["weird [1].txt", "weird (1).txt"], ["weird (1).txt", "weird [1].txt"]],
    [["weird \\[1\\].txt"], ["weird [1].txt"]],
    [["?.txt"], ["a.txt"]],
    [["*.{", "[", "(", "@(", "a.txt"], ["a.txt"]],
    [["out", "!**/*.pt"], ["out/log.txt"]],
    [["**", "!out", "!v2", "!long", "!*.txt"], [".hidden", "b.log"]],
    [["linked", "linked/*", "linked.txt"], []],
    [["none", "none/**"], []],
  ])("%j", async (patterns, names) => {
    expect(await listMatching(folder, patterns)).toEqual({ names: names.toSorted(), left: [] });
  });

  it.each(["long/(a+)+$", "+(+(a))b", `${"*a".repeat(80)}*b`, `**/${"*a".repeat(80)}b`, "*(*(a|aa)|a)b", "{(".repeat(120), `${"@(a|{b,".repeat(40)}c`])("%s, over which a regular expression may go on for ever, is given up at most", async (pattern) => {
    const { names, left } = await listMatching(folder, ["a.txt", pattern], { matchMs: 500 });
    expect([names, left.every((one) => one === `pattern "${pattern}" takes too long to match`)]).toEqual([["a.txt"], true]);
  }, 20_000);

  it("leaves those that come after one that took all the time, and says so of each", async () => {
    expect(await listMatching(folder, ["long/(a+)+$", "*.log"], { matchMs: 200 })).toEqual({ names: [], left: ['pattern "long/(a+)+$" takes too long to match', 'pattern "*.log" takes too long to match'] });
  });

  it("gives up when the time is up", async () => {
    expect(await listMatching(folder, ["**"], { walkMs: -1 })).toEqual({ names: [], left: [expect.stringContaining("took longer")] });
  });
});
