import { describe, expect, it } from "vitest";
import type { Comparison } from "./ast.ts";
import { addAt, comparisonOf, formOf, narrowTo, operatorsOf, readFilter, replaceAt, writeFilter } from "./edit.ts";

const rootOf = (text: string) => {
  const reading = readFilter(text);
  if (!reading.ok) throw new Error(reading.message);
  return reading.root;
};

describe("a filter in a form", () => {
  it("is the same filter as in the text, both ways", () => {
    for (const text of ["", "metrics.loss < 0.5", "status = 'failed' and (params.lr = 0.1 or tags.team ilike '%blue%')"]) expect(writeFilter(rootOf(text))).toBe(text);
  });
  it("says where a text makes no sense", () => {
    expect(readFilter("metrics.loss <")).toMatchObject({ ok: false, from: 14 });
    expect(readFilter("weather = 'x'")).toMatchObject({ ok: false, from: 0, message: expect.stringMatching(/no attribute weather/) });
  });
  it("changes, adds and takes out at any depth, and leaves no empty parentheses", () => {
    const root = rootOf("status = 'failed' and (params.lr = 0.1 or params.lr = 0.2)");
    const one = comparisonOf("metrics", "loss", "<", "1");
    expect(writeFilter(replaceAt(root, [1, 0], one))).toBe("status = 'failed' and (metrics.loss < 1 or params.lr = 0.2)");
    expect(writeFilter(addAt(root, [1], one))).toBe("status = 'failed' and (params.lr = 0.1 or params.lr = 0.2 or metrics.loss < 1)");
    expect(writeFilter(replaceAt(replaceAt(root, [1, 1], null), [1, 0], null))).toBe("status = 'failed'");
    expect(writeFilter({ ...root, kind: "or" })).toBe("status = 'failed' or (params.lr = 0.1 or params.lr = 0.2)");
  });
  it("writes numbers where the name holds them, or could", () => {
    const text = (one: Comparison) => writeFilter({ kind: "and", items: [one] });
    expect(text(comparisonOf("metrics", "loss", ">=", "0.5"))).toBe("metrics.loss >= 0.5");
    expect(text(comparisonOf("params", "lr", "=", "0.1"))).toBe("params.lr = 0.1");
    expect(text(comparisonOf("params", "opt", "=", "adam"))).toBe("params.opt = 'adam'");
    expect(text(comparisonOf("tags", "n", "is one of", "1, 2"))).toBe("tags.n in ('1', '2')");
    expect(text(comparisonOf("attributes", "run_name", "contains", "sft"))).toBe("run_name ilike '%sft%'");
    expect(text(comparisonOf("tags", "a b", "is set", ""))).toBe("tags.`a b` is not null");
  });
  it("means the very signs that were typed after contains, and gives them back", () => {
    for (const value of ["my_run", "50%", "C:\\new", "it's", ""]) {
      const one = comparisonOf("tags", "note", "contains", value);
      expect(formOf(rootOf(writeFilter({ kind: "and", items: [one] })).items[0] as Comparison)).toEqual({ operator: "contains", value });
    }
    expect(writeFilter({ kind: "and", items: [comparisonOf("tags", "note", "contains", "my_run")] })).toBe("tags.note ilike '%my\\\\_run%'");
  });
  it("shows what it has words for, and only that", () => {
    const formed = (text: string) => formOf(rootOf(text).items[0] as Comparison);
    expect(formed("run_name ilike '%sft%'")).toEqual({ operator: "contains", value: "sft" });
    expect(formed("params.lr in (1, 2)")).toEqual({ operator: "is one of", value: "1, 2" });
    expect(formed("run_name like 'a%'")).toBeNull();
    expect(formed("status not in ('failed')")).toBeNull();
    expect(operatorsOf("metrics", "loss")).not.toContain("contains");
  });
  it("shows as text only a list that the form would part or write otherwise", () => {
    const formed = (text: string) => formOf(rootOf(text).items[0] as Comparison);
    for (const text of ["tags.note in ('a,b', 'c')", "tags.note in (' a', 'c')", "tags.note in ('a', '')", "params.seed in ('007')"]) expect(formed(text), text).toBeNull();
    for (const text of ["tags.note in ('a', 'c')", "tags.note in ('')", "params.lr in (0.1, 'x y')", "params.lr in (1e+21)"]) {
      const form = formed(text)!;
      expect(writeFilter({ kind: "and", items: [comparisonOf(text.startsWith("tags") ? "tags" : "params", text.startsWith("tags") ? "note" : "lr", form.operator, form.value)] }), text).toBe(text);
    }
  });
  it("leaves out of a list what is not typed yet", () => {
    expect(comparisonOf("params", "lr", "is one of", "1, ")).toMatchObject({ values: [1] });
    expect(comparisonOf("tags", "team", "is one of", "")).toMatchObject({ values: [""] });
  });
  it("keeps nan and infinities when their row is changed, and takes no other notation for a number", () => {
    const one = rootOf("metrics.loss = nan").items[0] as Comparison;
    expect(writeFilter({ kind: "and", items: [comparisonOf("metrics", "loss", "!=", formOf(one)!.value)] })).toBe("metrics.loss != nan");
    expect(comparisonOf("metrics", "loss", "<", "-inf")).toMatchObject({ value: -Infinity });
    expect(comparisonOf("params", "commit", "=", "0x10")).toMatchObject({ value: "0x10" });
  });
  it("takes moments as dates, and shows them so", () => {
    const written = (value: string) => writeFilter({ kind: "and", items: [comparisonOf("attributes", "created", ">=", value)] });
    expect(written("2026-01-31")).toBe("created >= 1769817600000");
    expect(written("2026-01-31 09:30")).toBe("created >= 1769851800000");
    expect(written("1769817600000")).toBe("created >= 1769817600000");
    for (const value of ["2026-01-31", "2026-01-31T09:30Z", "2026-01-31T09:30:05.250Z", "-5"]) expect(formOf(comparisonOf("attributes", "created", "<", value))).toEqual({ operator: "<", value });
  });
  it("keeps an amount's digits, and takes half of one for nothing", () => {
    const one = rootOf("cost > 0.100000000000000001").items[0] as Comparison;
    expect(formOf(one)).toEqual({ operator: ">", value: "0.100000000000000001" });
    expect(writeFilter({ kind: "and", items: [comparisonOf("attributes", "cost", ">=", " 4.10 ")] })).toBe("cost >= 4.10");
    for (const half of ["", "-", "$4", "1e3"]) expect(comparisonOf("attributes", "cost", "=", half)).toMatchObject({ value: "0" });
  });
  it("narrows to one group's runs", () => {
    expect(narrowTo("", "param:lr", "0.1")).toBe("params.lr = '0.1'");
    expect(narrowTo("status = 'failed' or metrics.a > 1", "tag:team", null)).toBe("(status = 'failed' or metrics.a > 1) and tags.team is null");
  });
});
