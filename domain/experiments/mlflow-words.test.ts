import { describe, expect, it } from "vitest";
import { nameProblem } from "./mlflow-words.ts";

describe("the name of a metric, a parameter or a tag", () => {
  it.each(["loss", "val/acc", "a b", "a:b", "m-1.x_", "précision", "学習率", "µ", "٣"])("may be %s, as in MLflow", (name) => expect(nameProblem("metric", name)).toBeNull());
  it.each(["", "a,b", "a=b", "a[0]", "🎉", "/x", "a//b", "a/../b", ".", "x/", "x".repeat(251)])("may not be %j, as in MLflow", (name) => expect(nameProblem("metric", name)).not.toBeNull());
});
