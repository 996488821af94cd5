import { describe, expect, it } from "vitest";
import { moveColumn, namedColumn, parseColumn, parseColumns, parseSorts, pressSort, printColumns, typedColumns, valuesOf } from "./table-columns.ts";

describe("columns of the table", () => {
  it("come back from a link as they went into it, widths only where they are not usual", () => {
    const texts = ["status", "name@320", "metric:val/loss", "metric.min:loss@90", "param:a@b", "tag:team"];
    expect(printColumns(parseColumns(texts))).toEqual(texts);
    expect(parseColumn("param:a@b@200")).toMatchObject({ name: "param:a@b", width: 200 });
  });
  it("keep a key that ends like a width, in the link and in the order", () => {
    const recall = namedColumn("metric:recall@10")!;
    expect(recall).toMatchObject({ title: "recall@10", width: 110, value: { key: "recall@10" } });
    for (const width of [110, 90]) expect(parseColumns(printColumns([{ ...recall, width }]))[0]).toEqual({ ...recall, width });
    expect(parseSorts(["-metric:recall@10"]).map(({ name, order }) => [name, order.key])).toEqual([["metric:recall@10", "recall@10"]]);
  });
  it("hold each column once, none that is not known, and always the name", () => {
    expect(parseColumns(["status", "status@200", "weather", "metric:"]).map(({ name }) => name)).toEqual(["status", "name"]);
    expect(parseColumns(["constructor"]).map(({ name }) => name)).toEqual(["name"]);
  });
  it("tell the server which values they need", () => {
    expect(valuesOf(parseColumns(["name", "metric.max:acc", "param:lr"]))).toEqual([{ kind: "metric", key: "acc", of: "max" }, { kind: "param", key: "lr" }]);
  });
  it("can be of any key that is typed, but not twice", () => {
    expect(typedColumns(" old/loss ", new Set(["metric:old/loss"]))).toEqual(["metric.min:old/loss", "metric.max:old/loss", "param:old/loss", "tag:old/loss"]);
    expect(typedColumns("tag:team", new Set())).toEqual(["tag:team"]);
    expect(typedColumns("status", new Set(["status"]))).toEqual([]);
    expect([typedColumns("  ", new Set()), typedColumns("k".repeat(251), new Set())]).toEqual([[], []]);
  });
  it("move by name", () => {
    expect(moveColumn(parseColumns(["status", "name", "owner"]), "owner", 0).map(({ name }) => name)).toEqual(["owner", "status", "name"]);
  });
});

describe("sorting", () => {
  it("goes up, down and off, alone or after the others", () => {
    expect(pressSort([], "name", false)).toEqual(["name"]);
    expect(pressSort(["name"], "name", false)).toEqual(["-name"]);
    expect(pressSort(["-name"], "name", false)).toEqual([]);
    expect(pressSort(["name"], "metric:loss", true)).toEqual(["name", "metric:loss"]);
    expect(pressSort(["name", "metric:loss"], "name", true)).toEqual(["-name", "metric:loss"]);
    expect(pressSort(["-name", "metric:loss"], "name", true)).toEqual(["metric:loss"]);
  });
  it("speaks the grammar's words, and leaves out what cannot be sorted by", () => {
    expect(parseSorts(["-metric:loss", "started", "metrics", "metrics", "x"]).map(({ order }) => order)).toEqual([{ entity: "metrics", key: "loss", descending: true }, { entity: "attributes", key: "start_time", descending: false }]);
  });
});
