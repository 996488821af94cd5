import { describe, expect, it } from "vitest";
import { AUDIT_ACTIONS } from "./audit-actions.ts";
import { auditWords, changesBetween } from "./audit-words.ts";

describe("the words of the audit log", () => {
  it("exist for every action", () => {
    for (const action of AUDIT_ACTIONS) expect(auditWords(action)).not.toBe(action);
  });

  it("fall back to the action itself when it is not known", () => {
    expect(auditWords("moon.land")).toBe("moon.land");
  });
});

describe("what changed", () => {
  it.each([
    { says: "nothing, when both sides are the same", before: { a: 1 }, after: { a: 1 }, changes: [] },
    { says: "a leaf, by its path", before: { a: { b: "x" } }, after: { a: { b: "y" } }, changes: [{ path: "a.b", before: "x", after: "y" }] },
    { says: "everything, for a new thing", before: null, after: { name: "n", n: 2 }, changes: [{ path: "name", before: null, after: "n" }, { path: "n", before: null, after: "2" }] },
    { says: "a list as a whole", before: { list: [1] }, after: { list: [1, 2] }, changes: [{ path: "list", before: "[1]", after: "[1,2]" }] },
    { says: "a bare value", before: 1, after: 2, changes: [{ path: "value", before: "1", after: "2" }] },
  ])("$says", ({ before, after, changes }) => {
    expect(changesBetween(before, after)).toEqual(changes);
  });
});
