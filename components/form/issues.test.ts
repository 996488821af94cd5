import { describe, expect, it } from "vitest";
import { errorsByField, fieldLabel, issuesOf } from "./issues.ts";

describe("what the server refused", () => {
  it("is read from a tRPC error's data", () => {
    const issues = [{ field: "resources.gpus", message: "At most 8." }];
    expect(issuesOf({ message: "Bad input", data: { code: "BAD_REQUEST", issues } })).toEqual(issues);
  });

  it("is empty for a lost connection, which has no data", () => {
    expect(issuesOf(new Error("fetch failed"))).toEqual([]);
    expect(issuesOf({ message: "x", data: null })).toEqual([]);
    expect(issuesOf(null)).toEqual([]);
  });

  it("gives each field its first message, under the form's own name for it", () => {
    const issues = [{ field: "spec.name", message: "Too long." }, { field: "spec.name", message: "Bad letters." }, { field: "spec.env", message: "Too many." }];
    expect(errorsByField(issues, { "spec.name": "name" })).toEqual({ name: "Too long.", "spec.env": "Too many." });
  });

  it("names a field in words where the form gives no label", () => {
    expect(fieldLabel("resources.gpuModel")).toBe("Resources, gpu model");
    expect(fieldLabel("name", { name: "Run name" })).toBe("Run name");
    expect(fieldLabel("")).toBe("The form");
  });
});
