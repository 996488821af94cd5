import fc from "fast-check";
import { expect, test } from "vitest";
import { findUnkeepable } from "./unkeepable.ts";

test.each([
  [{ name: "a\0b" }, "name", /NUL/],
  [{ spec: { tags: { note: "half \ud83d" } } }, "spec.tags.note", /surrogate/],
  [{ ids: ["a", "b\0"] }, "ids.1", /NUL/],
  [{ params: { "k\0": 1 } }, "params", /A name in it: .*NUL/],
  ["\0", "input", /NUL/],
])("a text that no database can hold is found where it stands: %j", (input, field, message) => {
  expect(findUnkeepable(input)).toEqual({ field, message: expect.stringMatching(message) });
});

test("what is written in whole characters is let through, however it is nested", () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => findUnkeepable({ value, at: new Date(), none: undefined }) === null));
});
