import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { durationText, memoryText } from "../../../domain/shared/format.ts";
import { parseDuration, parseMemory } from "../../../domain/shared/units.ts";
import { type FieldPath, readSpec, setField, withoutDefaults, writeSpec } from "./spec-document.ts";

const MINIMAL = "name: a\nproject: p\ncommand: python train.py\n";

describe("reading a spec", () => {
  it("parses a short spec with its defaults", () => {
    expect(readSpec(MINIMAL)).toMatchObject({ issues: [], spec: { name: "a", resources: { cpus: 1, memory: 1024 } } });
  });
  it.each([
    { says: "a missing field", text: "name: a\nproject: p\n", field: "command", line: 1 },
    { says: "a field that does not exist", text: `${MINIMAL}resources:\n  gpuz: 1\n`, field: "resources.gpuz", line: 5 },
    { says: "a value out of bounds", text: `${MINIMAL}\npriority: 200\n`, field: "priority", line: 5 },
    { says: "a bad duration", text: `${MINIMAL}maxDuration: soon\n`, field: "maxDuration", line: 4 },
    { says: "an item of a list", text: `${MINIMAL}artifacts:\n  - ok\n  - ../x\n`, field: "artifacts.1", line: 6 },
    { says: "a word where a number belongs", text: `${MINIMAL}resources:\n  cpus: many\n`, field: "resources.cpus", line: 5 },
    { says: "a duplicate key", text: `${MINIMAL}name: b\n`, field: "", line: 4 },
    { says: "broken syntax", text: `${MINIMAL}env: {a: 1\n`, field: "", line: 5 },
  ])("names $says by field and line", ({ text, field, line }) => {
    const { issues, spec } = readSpec(text);
    expect(spec).toBeNull();
    expect(issues[0]).toMatchObject({ field, line });
    expect(issues[0]!.message).toMatch(/^\S.*[.?!]$/s);
  });
  it("takes an empty text as a spec that still needs everything", () => {
    const { value, issues } = readSpec("");
    expect(value).toEqual({});
    expect(issues.map((issue) => issue.field)).toEqual(["name", "project", "command"]);
  });
  it("refuses a text that unfolds into millions of values", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 8 }, (_, index) => `b${index}: &b${index} [${Array(9).fill(index === 0 ? "*a" : `*b${index - 1}`).join(",")}]`).join("\n")}\n`;
    expect(readSpec(bomb).value).toBeNull();
  });
});

describe("setting a field", () => {
  it("keeps comments, order and unknown fields", () => {
    const text = "# nightly\nname: a # the name\nproject: p\nmystery: 1\ncommand: x\n";
    expect(setField(text, ["project"], "q")).toBe("# nightly\nname: a # the name\nproject: q\nmystery: 1\ncommand: x\n");
  });
  it("makes sections and takes empty ones away", () => {
    const text = setField(MINIMAL, ["resources", "gpus"], 2);
    expect(parse(text)).toMatchObject({ resources: { gpus: 2 } });
    expect(setField(text, ["resources", "gpus"], undefined)).toBe(MINIMAL);
  });
  it("fills a section that has a name and nothing under it", () => {
    expect(parse(setField(`${MINIMAL}env:\n`, ["env", "A"], "1"))).toMatchObject({ env: { A: "1" } });
  });
  it("starts from nothing", () => {
    expect(setField("", ["name"], "a")).toBe("name: a\n");
  });
  it("leaves a broken text alone", () => {
    expect(setField("a: {", ["name"], "x")).toBe("a: {");
  });
  it("writes a command of several lines as a readable block", () => {
    expect(setField(MINIMAL, ["command"], "pip install x\npython train.py")).toContain("command: |-\n  pip install x\n");
  });
});

const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/);
const anyText = fc.string({ maxLength: 30 }).map((text) => text.replaceAll("\0", ""));
const field: fc.Arbitrary<[FieldPath, unknown]> = fc.oneof(
  fc.tuple(fc.constant(["command"]), fc.oneof(anyText, fc.array(anyText, { minLength: 1, maxLength: 3 }))),
  fc.tuple(fc.constant(["priority"]), fc.integer({ min: 0, max: 100 })),
  fc.tuple(fc.constant(["resources", "cpus"]), fc.double({ min: 0.1, max: 64, noNaN: true })),
  fc.tuple(fc.constant(["resources", "memory"]), fc.constantFrom("4GiB", 512, "1Ti")),
  fc.tuple(fc.constant(["env"]), fc.dictionary(name, anyText, { maxKeys: 4 })),
  fc.tuple(fc.constant(["params"]), fc.dictionary(name, fc.oneof(anyText, fc.boolean(), fc.integer()), { maxKeys: 4 })),
  fc.tuple(fc.constant(["constraints", "regions"]), fc.array(name, { maxLength: 3 })),
);

describe("form and YAML", () => {
  it("read back exactly what either side wrote, whatever the values look like", () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), (edits) => {
        let text = MINIMAL;
        const expected = new Map<string, unknown>();
        for (const [path, value] of edits) {
          text = setField(text, path, value);
          expected.set(path.join("."), value);
        }
        const read = readSpec(text).value!;
        for (const [path, value] of expected) expect(path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], read)).toEqual(value);
      }),
    );
  });
  it("print a parsed spec without its defaults and read the same spec again", () => {
    const inputs = fc.record({ name, project: fc.constant("p"), command: anyText.filter((text) => text.trim() !== ""), priority: fc.integer({ min: 0, max: 100 }), params: fc.dictionary(name, fc.oneof(anyText, fc.integer()), { maxKeys: 3 }), onLostContact: fc.constantFrom("hold" as const, "restart" as const), maxDuration: fc.option(fc.integer({ min: 1, max: 1e6 })), resources: fc.record({ gpus: fc.integer({ min: 0, max: 8 }), gpuModel: fc.option(fc.constant("H100")) }) });
    fc.assert(
      fc.property(inputs, (input) => {
        const spec = RunSpec.parse(input);
        expect(readSpec(writeSpec(withoutDefaults(spec))).spec).toEqual(spec);
      }),
    );
  });
  it("print sizes and times with units, in the order of the form, whatever order a database gave", () => {
    const spec = RunSpec.parse({ name: "a", project: "p", command: "x", resources: { memory: "128GiB" }, maxDuration: "1h30m" });
    const shuffled = Object.fromEntries(Object.entries(spec).toReversed().map(([key, value]) => [key, key === "retry" ? { on: spec.retry.on, max: spec.retry.max } : value])) as RunSpec;
    expect(writeSpec(withoutDefaults(shuffled))).toBe("name: a\nproject: p\ncommand: x\nresources:\n  memory: 128GiB\nmaxDuration: 1h30m\n");
  });
  it("write any duration so that it reads back as the same seconds", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 31_536_000 }), (seconds) => void expect(parseDuration(durationText(seconds))).toBe(seconds)));
    fc.assert(fc.property(fc.integer({ min: 16, max: 67_108_864 }), (mib) => void expect(parseMemory(memoryText(mib))).toBe(mib)));
  });
  it("leave out what a person would not have written", () => {
    expect(writeSpec(withoutDefaults(RunSpec.parse({ name: "a", project: "p", command: "x", resources: { gpus: 1 } })))).toBe("name: a\nproject: p\ncommand: x\nresources:\n  gpus: 1\n");
  });

  it("is incomplete while its archive is on its way, so that no run is submitted without its code", () => {
    const waiting = readSpec(setField("name: a\nproject: p\ncommand: x\n", ["code"], { kind: "archive" }));
    expect([waiting.spec, waiting.issues[0]!.field]).toEqual([null, "code.sha256"]);
  });
});
