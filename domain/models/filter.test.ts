import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFilter, parseOrder } from "./filter.ts";

describe("a filter of the registry", () => {
  it.each([
    ["", []],
    ["name = 'digits'", [{ entity: "attribute", key: "name", op: "=", value: "digits" }]],
    ["name ILIKE '%Dig%' and tags.team != \"blue\"", [{ entity: "attribute", key: "name", op: "ILIKE", value: "%Dig%" }, { entity: "tag", key: "team", op: "!=", value: "blue" }]],
    ["tag.`a.b c` = 'x'", [{ entity: "tag", key: "a.b c", op: "=", value: "x" }]],
    ["run_id IN ('a', 'b')", [{ entity: "attribute", key: "run_id", op: "IN", value: ["a", "b"] }]],
    ["attributes.run_id NOT IN ('a')", [{ entity: "attribute", key: "run_id", op: "NOT IN", value: ["a"] }]],
    ["version_number >= 3 AND metrics.acc > 0.5 AND params.lr = '1e-3'", [{ entity: "attribute", key: "version_number", op: ">=", value: 3 }, { entity: "metric", key: "acc", op: ">", value: 0.5 }, { entity: "param", key: "lr", op: "=", value: "1e-3" }]],
    ["name = 'it\\'s'", [{ entity: "attribute", key: "name", op: "=", value: "it's" }]],
    ["tags.mlflow.source = 'x'", [{ entity: "tag", key: "mlflow.source", op: "=", value: "x" }]],
  ])("%j is read", (text, asked) => expect(parseFilter(text)).toEqual(asked));

  it.each(["name", "name =", "name = x", "= 'x'", "name = 'x' or name = 'y'", "name = 'x' name = 'y'", "name in 'x'", "name in ()", "name in ('a',)", "name = 'x' and", "name ; 'x'", "name = 'open"])("%j is refused with words", (text) => {
    expect(parseFilter(text)).toMatch(/^Invalid filter string/);
  });

  it("ends for any text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => void parseFilter(text)));
  });

  it("gives back any value that was quoted", () => {
    fc.assert(fc.property(fc.string(), (value) => {
      const quoted = `'${value.replace(/[\\']/g, (char) => `\\${char}`)}'`;
      expect(parseFilter(`name = ${quoted}`)).toEqual([{ entity: "attribute", key: "name", op: "=", value }]);
    }));
  });
});

it.each([["name", { field: "name", descending: false }], ["last_updated_timestamp DESC", { field: "last_updated_timestamp", descending: true }], ["`name` asc", { field: "name", descending: false }], ["attributes.name", { field: "name", descending: false }], ["name sideways", null], ["", null]])("the order %j is read", (text, order) => expect(parseOrder(text)).toEqual(order));
