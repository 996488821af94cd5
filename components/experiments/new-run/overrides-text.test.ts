import { describe, expect, it } from "vitest";
import { overridesText, readOverrides } from "./overrides-text.ts";
import { readSpec, setField } from "./spec-document.ts";

const SPEC = "name: a\nproject: p\ncommand: x\noverrides:\n  slurm:\n    partition: gpu\n";

describe("scheduler overrides", () => {
  it("that are not YAML hold the submit back, instead of leaving what was written before", () => {
    for (const text of ["slurm:\n  partition: a\n   qos: b", "slurm", "- slurm"]) {
      const { value, problem } = readOverrides(text);
      expect(problem).not.toBeNull();
      const document = readSpec(setField(SPEC, ["overrides"], value));
      expect(document.spec).toBeNull();
      expect(document.issues.map(({ field }) => field)).toContain("overrides");
      expect(overridesText(document.value!["overrides"] as string)).toBe(text); // and come back as they were typed
    }
  });

  it("are settings by scheduler, or nothing", () => {
    expect(readOverrides("slurm:\n  qos: high")).toEqual({ value: { slurm: { qos: "high" } }, problem: null });
    for (const text of ["", "{}", "# later"]) expect(readOverrides(text)).toEqual({ value: undefined, problem: null });
    expect(overridesText({ slurm: { qos: "high" } })).toBe("slurm:\n  qos: high\n");
  });
});
