import { expect, it } from "vitest";
import { narrowedBy, nextBy, whereOf } from "./spend-filter.ts";

it("leads from the widest filter to the narrowest, whatever was clicked first", () => {
  expect(narrowedBy({ tag: { key: "data", value: "=a" }, class: "spot", project: "vision", team: "team_1" })).toEqual(["team", "project", "class", "tag"]);
});

it.each([
  [{ team: "team_1" }, "project"],
  [{ project: "vision" }, "experiment"],
  [{ experiment: "exp_1" }, "person"],
  [{ person: "usr_1" }, "project"],
  [{ cluster: "cl_1", project: "vision" }, "experiment"],
  [{ experiment: "exp_1", person: "usr_1" }, "kind"],
  [{ team: "idle" }, "kind"],
  [{ team: "outside:physics" }, "person"],
  [{ source: "outside" }, "project"],
  [{ sweep: "width", project: "vision" }, "experiment"],
  [{ team: "idle", kind: "cpu " }, "cluster"],
  [{ experiment: "exp_1", person: "usr_1", kind: "cpu ", cluster: "cl_1", class: "spot", outcome: "failed" }, null],
])("tells %o apart by %s next", (where, next) => {
  expect(nextBy(where)).toBe(next);
});

it("takes a group for the filter that it stands for, and all others together for none", () => {
  const slugOf = (id: string) => (id === "prj_1" ? "vision" : undefined);
  expect(whereOf("project", "prj_1", undefined, slugOf)).toEqual({ project: "vision" });
  expect(whereOf("project", "prj_2", undefined, slugOf)).toBe(null);
  expect(whereOf("cluster", "", undefined, slugOf)).toEqual({ team: "idle" });
  expect(whereOf("project", "outside:physics", undefined, slugOf)).toEqual({ team: "outside:physics" });
  expect(whereOf("tag", "~", "data", slugOf)).toEqual({ tag: { key: "data", value: "~" } });
  expect(whereOf("person", "others", undefined, slugOf)).toBe(null);
});
