import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBlockKind, parseBlock } from "./report-blocks.ts";
import { CHART_TEMPLATE, chartBlock, insertBlock, RUNS_TEMPLATE } from "./report-words.ts";

const RUN = "run_01890a5d-ac96-774b-bcce-b302099a8057";
const inside = (block: string) => block.split("\n").slice(1, -1).join("\n");

describe("a live block of a report", () => {
  it("says which runs and what of them, with defaults for the rest", () => {
    expect(parseBlock("chart", "metric: loss\nsort: -metric:accuracy")).toEqual({ block: { kind: "chart", metric: ["loss"], sort: ["-metric:accuracy"], limit: 20, x: "step", smooth: 0, logx: false, logy: false, height: 320 } });
    expect(parseBlock("runs", "")).toMatchObject({ block: { kind: "runs", limit: 10, columns: ["status", "name", "metrics", "duration", "created"] } });
  });

  it.each([
    { says: "a field that does not exist", kind: "chart" as const, text: "metric: loss\ncolour: red", problem: /no field colour.*metric/ },
    { says: "a misspelt field rather than the one that it meant", kind: "chart" as const, text: "metrics: loss", problem: /no field metrics/ },
    { says: "a missing metric", kind: "chart" as const, text: "limit: 3", problem: /^metric: name a metric/ },
    { says: "too many runs", kind: "runs" as const, text: "limit: 101", problem: /^limit: / },
    { says: "a run that is no id", kind: "runs" as const, text: "runs: [7]", problem: /^runs/ },
    { says: "a column that no table has", kind: "runs" as const, text: "columns: [colour]", problem: /^columns\.0: No such column/ },
    { says: "an order that cannot be had", kind: "runs" as const, text: "sort: metrics", problem: /^sort: It cannot be sorted by that/ },
    { says: "broken YAML", kind: "runs" as const, text: "runs: [", problem: /at line 1/ },
    { says: "words instead of fields", kind: "runs" as const, text: "the best ones", problem: /a list of fields/ },
    { says: "an alias that grows", kind: "runs" as const, text: "a: &a [1]\nb: *a", problem: /./ },
  ])("names what is wrong: $says", ({ kind, text, problem }) => {
    expect(parseBlock(kind, text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it("never throws, whatever stands in it", () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom("chart" as const, "runs" as const), (text, kind) => {
      const said = parseBlock(kind, text);
      expect("block" in said || said.problem.length > 0).toBe(true);
    }));
  });

  it("is what the templates and the comparison write", () => {
    expect(parseBlock("chart", inside(CHART_TEMPLATE))).toHaveProperty("block");
    expect(parseBlock("runs", inside(RUNS_TEMPLATE))).toHaveProperty("block");
    const written = chartBlock({ metric: "val: #1 \"loss\"", runs: [RUN], x: "metric:tokens", group: "param:lr", smooth: 40, logx: false, logy: true });
    expect(parseBlock("chart", inside(written))).toMatchObject({ block: { metric: ["val: #1 \"loss\""], runs: [RUN], x: "metric:tokens", group: "param:lr", smooth: 40, logy: true } });
    expect(["chart", "runs", "python"].map(isBlockKind)).toEqual([true, true, false]);
  });

  it("is put on lines of its own, and takes nothing from the text around it", () => {
    expect(insertBlock("", 0, "B")).toEqual({ text: "B\n", at: 1 });
    expect(insertBlock("one\ntwo", 4, "B").text).toBe("one\n\nB\n\ntwo");
    fc.assert(fc.property(fc.string(), fc.string(), (before, after) => {
      const { text, at } = insertBlock(before + after, before.length, "```runs\n```");
      const [head, tail] = [text.slice(0, at), text.slice(at)];
      expect(head.endsWith("```runs\n```")).toBe(true);
      expect([head.slice(0, -"```runs\n```".length).trimEnd(), tail.trim()]).toEqual([before.trimEnd(), after.trim()]);
    }));
  });
});
