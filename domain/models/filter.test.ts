import { describe, expect, it } from "vitest";
import type { Names } from "../experiments/filter/ast.ts";
import { parseFilter, parseOrder } from "../experiments/filter/parse.ts";
import { LOGGED_MODEL_NAMES, MODEL_NAMES, VERSION_NAMES } from "./filter.ts";

const reads = (text: string, names: Names) => {
  const { at: _at, ...filter } = parseFilter(text, names)!;
  return filter;
};

describe("a filter of the registry", () => {
  it.each([
    ["name = 'digits'", MODEL_NAMES, { kind: "compare", entity: "attributes", key: "name", op: "=", value: "digits" }],
    ["tag.`mlflow.prompt.is_prompt` != 'true'", MODEL_NAMES, { kind: "compare", entity: "tags", key: "mlflow.prompt.is_prompt", op: "!=", value: "true" }],
    ["attributes.run_id NOT IN ('a')", VERSION_NAMES, { kind: "in", entity: "attributes", key: "run_id", not: true, values: ["a"] }],
    ["version >= 3", VERSION_NAMES, { kind: "compare", entity: "attributes", key: "version_number", op: ">=", value: 3 }],
    ["version_number = '3'", VERSION_NAMES, { kind: "compare", entity: "attributes", key: "version_number", op: "=", value: 3 }],
    ["version_number IN ('3', 4)", VERSION_NAMES, { kind: "in", entity: "attributes", key: "version_number", not: false, values: [3, 4] }],
    ["params.lr = '1e-3'", LOGGED_MODEL_NAMES, { kind: "compare", entity: "params", key: "lr", op: "=", value: "1e-3" }],
    ["metrics.acc > 0.5", LOGGED_MODEL_NAMES, { kind: "compare", entity: "metrics", key: "acc", op: ">", value: 0.5 }],
    ["creation_timestamp_ms < 5", LOGGED_MODEL_NAMES, { kind: "compare", entity: "attributes", key: "creation_timestamp", op: "<", value: 5 }],
    ["creation_time < 5", LOGGED_MODEL_NAMES, { kind: "compare", entity: "attributes", key: "creation_timestamp", op: "<", value: 5 }],
  ] as const)("%s is read", (text, names, asked) => expect(reads(text, names)).toEqual(asked));

  it.each([["metrics.acc > 0.5", MODEL_NAMES], ["params.lr = 1", VERSION_NAMES], ["status = 'READY'", MODEL_NAMES], ["version_number = 'three'", VERSION_NAMES], ["metrics.acc = 'x'", LOGGED_MODEL_NAMES], ["datasets.name = 'x'", LOGGED_MODEL_NAMES]] as const)("%s is refused where there is no such thing", (text, names) => {
    expect(() => parseFilter(text, names)).toThrow();
  });

  it("says which names an order may have, and speaks of metrics only where there are some", () => {
    expect(() => parseOrder("color desc", MODEL_NAMES)).toThrow(/There is no attribute color\. Known: name\.$/);
    expect(() => parseOrder("color desc", LOGGED_MODEL_NAMES)).toThrow(/such as metrics\.color/);
  });
});
