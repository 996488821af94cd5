import { expect, it } from "vitest";
import { widthAfterKey } from "./column-width.ts";

it.each([
  [120, "ArrowRight", 136],
  [120, "ArrowLeft", 104],
  [50, "ArrowLeft", 48],
  [895, "ArrowRight", 900],
  [120, "Home", 48],
  [120, "End", 900],
  [120, "Tab", null],
])("makes a column of %i px under %s one of %s", (width, key, after) => {
  expect(widthAfterKey(width, key)).toBe(after);
});
