import { expect, it } from "vitest";
import { AREAS, playwrightScore, scoreInWords, STAGES } from "./areas.ts";

const SUMMARY = `  ✓  103 [pages] › e2e/queue.spec.ts:12:1 › 7 flaky nodes are drained (3.2s)

  1 failed
    [pages] › e2e/costs.spec.ts:9:1 › a budget of 5 passed months is shown
  2 flaky
    [pages] › e2e/live.spec.ts:41:3 › is shown once the page lives
    [pages] › e2e/models.spec.ts:20:1 › a model is promoted
  4 did not run
  101 passed (6.2m)
`;

it("counts what passed only at the second try apart from what passed", () => {
  expect(playwrightScore(SUMMARY)).toEqual({ passed: 101, failed: 5, flaky: 2 });
});

it("reads the summary in colours too", () => {
  expect(playwrightScore("\u001B[33m  1 flaky\u001B[39m\n\u001B[32m  101 passed\u001B[39m (6.2m)\n")).toEqual({ passed: 101, failed: 0, flaky: 1 });
});

it("says in the area's line what was flaky, and nothing of it where nothing was", () => {
  expect(scoreInWords({ passed: 101, failed: 0, flaky: 1 })).toBe("101 passed, 0 failed, 1 flaky");
  expect(scoreInWords({ passed: 7, failed: 0 })).toBe("7 passed, 0 failed");
});

it("runs every area once", () => {
  expect(STAGES.flat().toSorted()).toEqual(Object.keys(AREAS).toSorted());
});
