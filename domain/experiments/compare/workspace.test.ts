import { describe, expect, it } from "vitest";
import { columnOf, firstAxes, linesPanel, movePanel, newPanel, packPanels, panelKeys, panelNames, parsePanels, resizePanel } from "./workspace.ts";

const PANELS = [linesPanel("loss"), { kind: "scatter" as const, of: ["param:lr", "metric:loss"], wide: 2, tall: 3 }];

describe("a workspace of charts", () => {
  it("comes back from a link as it went into it", () => {
    expect(parsePanels(JSON.parse(JSON.stringify(packPanels(PANELS))))).toEqual(PANELS);
  });
  it("leaves out what makes no sense, and is null for what is no list", () => {
    expect(parsePanels([{ of: ["loss"], w: 9, h: "x" }, { of: [] }, { k: "pie", of: ["a"] }, 7, null, { of: [3, "b"] }])).toEqual([linesPanel("loss"), linesPanel("b")]);
    expect(parsePanels({ of: ["loss"] })).toBeNull();
  });
  it("moves a chart, and stays as it is at its ends", () => {
    const names = (panels: { of: string[] }[]) => panels.map(({ of }) => of[0]);
    const three = ["a", "b", "c"].map(linesPanel);
    expect(names(movePanel(three, 0, 2))).toEqual(["b", "c", "a"]);
    expect(names(movePanel(three, 0, -1))).toEqual(["a", "b", "c"]);
    expect(names(movePanel(three, 2, 3))).toEqual(["a", "b", "c"]);
  });
  it("resizes one chart", () => {
    expect(resizePanel(PANELS, 0, { wide: 3 })).toEqual([{ ...PANELS[0], wide: 3 }, PANELS[1]]);
  });
});

describe("a pattern", () => {
  const known = ["train/loss", "val/loss", "val/acc", ...Array.from({ length: 9 }, (_, at) => `layer${at}`)];
  it("finds the metrics that match, as many as a chart can hold", () => {
    expect(panelKeys("/^val/", known)).toEqual({ keys: ["val/loss", "val/acc"], problem: null });
    expect(panelKeys("/LAYER/i", known)).toMatchObject({ keys: ["layer0", "layer1", "layer2", "layer3", "layer4", "layer5"], problem: expect.stringMatching(/first 6 of 9/) });
    expect(panelKeys("loss", known)).toEqual({ keys: ["loss"], problem: null });
  });
  it("says what is wrong with it", () => {
    expect(panelKeys("/(/", known).problem).toMatch(/regular expression/i);
    expect(panelKeys("/nothing/", known).problem).toBe("No metric matches /nothing/.");
  });
});

it("names each chart otherwise, also two of the same metric", () => {
  const [a, b, c, d] = panelNames([linesPanel("loss"), linesPanel("acc"), linesPanel("loss"), { ...linesPanel("loss"), kind: "importance" }]);
  expect(new Set([a, b, c, d]).size).toBe(4);
  expect(panelNames([linesPanel("acc"), linesPanel("loss")])).toEqual([b, a]);
});

it("a new chart is complete or not there", () => {
  const given = { metric: "loss", pattern: "/l/", axes: ["param:lr", "metric:loss"] };
  expect(newPanel("lines", given)).toEqual(linesPanel("loss"));
  expect(newPanel("pattern", given)?.of).toEqual(["/l/"]);
  expect(newPanel("importance", given)?.of).toEqual(["metric:loss"]);
  expect(newPanel("scatter", given)?.of).toEqual(given.axes);
  expect(newPanel("contour", given)).toBeNull();
  expect(newPanel("lines", { ...given, metric: "" })).toBeNull();
});

it("columns are named by kind and key, and parameters that differ come first", () => {
  expect(columnOf("param:a:b")).toEqual({ kind: "param", key: "a:b" });
  expect(columnOf("loss")).toBeNull();
  const params = [{ key: "same", distinct: 1 }, { key: "lr", distinct: 3 }, { key: "bs", distinct: 2 }];
  expect(firstAxes(params, ["loss", "acc"], 3)).toEqual(["param:lr", "param:bs", "metric:loss"]);
  expect(firstAxes([], ["loss", "acc"], 2)).toEqual(["metric:loss", "metric:acc"]);
});
