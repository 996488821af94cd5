import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GOAL_TAGS, type ExperimentGoal, goalOfTags, parseGoal, printGoal, tagsOfGoal } from "./goal.ts";

const goal: fc.Arbitrary<ExperimentGoal> = fc.record({ metric: fc.string({ minLength: 1, maxLength: 60 }), better: fc.constantFrom("lower" as const, "higher" as const) });

describe("what an experiment's runs are judged by", () => {
  it("is the same after its tags, and the URL, were written and read", () => {
    fc.assert(fc.property(goal, (one) => {
      expect(goalOfTags(new Map(tagsOfGoal(one).map(({ key, value }) => [key, value])))).toEqual(one);
      expect(parseGoal(printGoal(one))).toEqual(one);
    }));
  });

  it("is read from what MLflow's own clients write, and is none where they say half of it", () => {
    expect(goalOfTags(new Map([[GOAL_TAGS.metric, "val_f1"], [GOAL_TAGS.isGreaterBetter, "True"]]))).toEqual({ metric: "val_f1", better: "higher" });
    expect(goalOfTags(new Map([[GOAL_TAGS.metric, "val_f1"]]))).toBeNull();
    expect(goalOfTags(new Map([[GOAL_TAGS.isGreaterBetter, "False"]]))).toBeNull();
    for (const text of ["", "loss", "best:loss", "lower:"]) expect(parseGoal(text)).toBeNull();
  });
});
