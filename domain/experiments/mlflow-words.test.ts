import { describe, expect, it } from "vitest";
import { cut, nameProblem } from "./mlflow-words.ts";

describe("the name of a metric, a parameter or a tag", () => {
  it.each(["loss", "val/acc", "a b", "a:b", "m-1.x_", "précision", "学習率", "µ", "٣"])("may be %s, as in MLflow", (name) => expect(nameProblem("metric", name)).toBeNull());
  it.each(["", "a,b", "a=b", "a[0]", "🎉", "/x", "a//b", "a/../b", ".", "x/", "x".repeat(251)])("may not be %j, as in MLflow", (name) => expect(nameProblem("metric", name)).not.toBeNull());
});

describe("a long value", () => {
  it.each([["abc", 3, "abc"], ["abcd", 3, "abc"], ["a🎉b", 2, "a🎉"], ["🎉🎉🎉", 3, "🎉🎉🎉"], ["🎉🎉🎉🎉", 3, "🎉🎉🎉"], ["日本語", 2, "日本"], ["", 0, ""], ["🎉", 0, ""]])("%s of which %i characters are kept is %s", (value, length, kept) => expect(cut(value, length)).toBe(kept));
});
