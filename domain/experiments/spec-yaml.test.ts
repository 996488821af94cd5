import fc from "fast-check";
import { stringify } from "yaml";
import { describe, expect, it } from "vitest";
import { RunSpec } from "./run-spec.ts";
import { checkSpecYaml, editDistance } from "./spec-yaml.ts";

const issues = (yaml: string) => checkSpecYaml(yaml).issues;
const GOOD = "name: a\nproject: p\ncommand: 'true'\n";

describe("a spec in YAML", () => {
  it("is the spec that its fields say", () => {
    const { spec, issues } = checkSpecYaml("name: train\nproject: vision\ncommand: |\n  python train.py\nresources:\n  gpus: 2\n  memory: 16GiB\nmaxDuration: 2h\n");
    expect(issues).toEqual([]);
    expect(spec).toEqual(RunSpec.parse({ name: "train", project: "vision", command: "python train.py", resources: { gpus: 2, memory: 16_384 }, maxDuration: 7200 }));
  });

  it("survives being written out and read again", () => {
    fc.assert(fc.property(fc.record({ name: fc.constantFrom("a", "yes", "1.10", "null", "été: x"), gpus: fc.nat(8), env: fc.constantFrom({}, { A: "1", B: "true", C: "a: b\n#x" }), lr: fc.double({ noNaN: true, noDefaultInfinity: true }) }), ({ name, gpus, env, lr }) => {
      const spec = RunSpec.parse({ name, project: "p", command: ["a", "b c"], resources: { gpus }, env, params: { lr } });
      expect(checkSpecYaml(stringify(spec))).toEqual({ spec, issues: [] });
    }));
  });

  it("keeps variables and tags as they were written", () => {
    expect(checkSpecYaml(`${GOOD}env:\n  PORT: 8080\n  VERSION: 1.10\n  DEBUG: true\ntags:\n  fold: 03\n`).spec).toMatchObject({ env: { PORT: "8080", VERSION: "1.10", DEBUG: "true" }, tags: { fold: "03" } });
  });

  it("names the line of what is wrong in it", () => {
    expect(issues(`${GOOD}resources:\n  cpus: 2\n  gpus: many\nmaxDuration: soon\n`)).toEqual([
      { field: "resources.gpus", message: "Expected a number.", line: 6 },
      { field: "maxDuration", message: "Expected a duration between 1s and 365d, such as 90s, 30m or 2h30m.", line: 7 },
    ]);
  });

  it("says in plain words what is too much, too little or of the wrong kind", () => {
    expect(issues(`${GOOD}resources:\n  gpus: 9999\n  nodes: 0\n  cpus: 1.5\npriority: 101\nretry:\n  max: 1.5\npreemptible: maybe\n`).map(({ field, message }) => `${field}: ${message}`)).toEqual([
      "resources.gpus: At most 1024.", "resources.nodes: At least 1.", "priority: At most 100.", "retry.max: Expected a whole number.", "preemptible: Expected true or false.",
    ]);
  });

  it("names an unknown field with what was probably meant", () => {
    expect(issues(`${GOOD}resource:\n  gpus: 1\nmax_duration: 1h\nretry:\n  maxx: 3\nzebra: 1\n`)).toMatchObject([
      { field: "resource", line: 4, message: "There is no field resource. Did you mean resources?" },
      { field: "max_duration", line: 6, message: "There is no field max_duration. Did you mean maxDuration?" },
      { field: "retry.maxx", line: 8, message: "There is no field maxx in retry. Did you mean max?" },
      { field: "zebra", line: 9, message: expect.stringContaining("Known: name, project,") },
    ]);
    expect(issues(`${GOOD}code:\n  kind: git\n  url: https://x.test/y\n  reff: main\n`)).toMatchObject([{ field: "code.reff", line: 7, message: expect.stringContaining("Did you mean ref?") }]);
  });

  it("says what is missing", () => {
    expect(issues("name: a\n")).toEqual([{ field: "project", message: "Required.", line: 1 }, { field: "command", message: "Required.", line: 1 }]);
  });

  it("names the line of a mistake in the YAML itself", () => {
    expect(issues("name: a\nproject: [\ncommand: x\n")[0]).toMatchObject({ field: "", line: expect.any(Number) });
    expect(issues(`${GOOD}name: again\n`)).toMatchObject([{ message: expect.stringContaining("unique"), line: 4 }]);
    for (const text of ["", "just words", "- a\n- b\n"]) expect(issues(text)).toMatchObject([{ message: expect.stringContaining("Expected fields"), line: 1 }]);
  });

  it("says that a folder is for the command line", () => {
    for (const code of ["code: .", "code:\n  folder: ."]) expect(issues(`${GOOD}${code}\n`)).toMatchObject([{ field: "code", line: 4, message: expect.stringContaining("drover run FILE") }]);
  });

  it("cannot be blown up by aliases", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 8 }, (_, n) => `${"bcdefghi"[n]}: &${"bcdefghi"[n]} [${Array(9).fill(`*${"abcdefgh"[n]}`).join(",")}]`).join("\n")}\n`;
    expect(issues(bomb)).toMatchObject([{ message: expect.stringContaining("alias") }]);
  });

  it("gives an answer for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const { spec, issues } = checkSpecYaml(text);
      expect(spec === null).toBe(issues.length > 0);
    }));
  });
});

describe("the distance of two words", () => {
  it.each([["", "abc", 3], ["gpus", "gpsu", 1], ["resource", "resources", 1], ["kitten", "sitting", 3]])("%s and %s is %i", (a, b, distance) => expect(editDistance(a, b)).toBe(distance));
});
