import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTRIBUTES, type Comparison, type Filter, FilterError, type Order } from "./ast.ts";
import { parseFilter, parseOrder } from "./parse.ts";
import { printFilter, printOrder } from "./print.ts";

/** Without places: what it says. */
function bare(filter: Filter | null): unknown {
  if (!filter) return null;
  const { at: _at, ...rest } = filter;
  return "items" in rest ? { ...rest, items: rest.items.map(bare) } : rest;
}

const key = fc.oneof(fc.stringMatching(/^[A-Za-z_][\w./-]{0,12}$/), fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }));
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const number = fc.double();
const numeric = fc.oneof(
  fc.record({ entity: fc.constant("metrics" as const), key }),
  fc.record({ entity: fc.constant("attributes" as const), key: fc.constantFrom(...Object.entries(ATTRIBUTES).filter(([, type]) => type === "number" || type === "moment").map(([name]) => name)) }),
);
const textual = fc.oneof(
  fc.record({ entity: fc.constantFrom("params" as const, "tags" as const), key }),
  fc.record({ entity: fc.constant("datasets" as const), key: fc.constantFrom("name", "digest", "context") }),
  fc.record({ entity: fc.constant("attributes" as const), key: fc.constantFrom("status", "run_name", "owner") }),
);
const money = fc.tuple(fc.constantFrom("", "-"), fc.stringMatching(/^\d{1,20}(\.\d{1,18})?$/)).map((parts) => parts.join(""));
const cost = { entity: "attributes" as const, key: "cost" };
const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.tuple(fc.constantFrom("=" as const, "!=" as const, "<" as const, "<=" as const, ">" as const, ">=" as const), money).map(([op, value]) => ({ kind: "compare" as const, ...cost, op, value })),
  fc.tuple(fc.boolean(), fc.array(money, { minLength: 1, maxLength: 4 })).map(([not, values]) => ({ kind: "in" as const, ...cost, not, values })),
  fc.tuple(numeric, fc.constantFrom("=" as const, "!=" as const, "<" as const, "<=" as const, ">" as const, ">=" as const), number).map(([name, op, value]) => ({ kind: "compare" as const, ...name, op, value })),
  fc.tuple(textual, fc.constantFrom("=" as const, "!=" as const), text).map(([name, op, value]) => ({ kind: "compare" as const, ...name, op, value })),
  fc.tuple(textual, fc.boolean(), text).map(([name, caseless, pattern]) => ({ kind: "like" as const, ...name, caseless, pattern: `${pattern}%` })), // none ends in a single backslash
  fc.tuple(textual, fc.boolean(), fc.array(text, { minLength: 1, maxLength: 4 })).map(([name, not, values]) => ({ kind: "in" as const, ...name, not, values })),
  fc.tuple(fc.oneof(numeric, textual), fc.boolean()).map(([name, not]) => ({ kind: "null" as const, ...name, not })),
);
const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    comparison,
    fc.record({ kind: fc.constantFrom("and" as const, "or" as const), items: fc.array(tie("filter"), { minLength: 2, maxLength: 4 }) }),
  ),
})).filter;

describe("a filter", () => {
  it("is the same after it was printed and parsed", () => {
    fc.assert(fc.property(filter, (one) => {
      expect(bare(parseFilter(printFilter(one)))).toEqual(bare(one));
    }), { numRuns: 500 });
  });

  it("gives an answer for any text", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.array(fc.constantFrom("metrics.", "a", "(", ")", "and", "or", "'x'", "1", "<", "is", "null", "not", "in", ","), { maxLength: 12 }).map((words) => words.join(" "))), (one) => {
      try {
        parseFilter(one);
      } catch (error) {
        expect(error).toBeInstanceOf(FilterError);
      }
    }), { numRuns: 1000 });
  });

  it.each([
    ["metrics.acc > 0.9", { kind: "compare", entity: "metrics", key: "acc", op: ">", value: 0.9 }],
    ["metric.`val acc` <= 1e-3", { kind: "compare", entity: "metrics", key: "val acc", op: "<=", value: 1e-3 }],
    ['metrics."m/1" = -2', { kind: "compare", entity: "metrics", key: "m/1", op: "=", value: -2 }],
    ["params.lr = '0.1'", { kind: "compare", entity: "params", key: "lr", op: "=", value: "0.1" }],
    ["parameters.lr != \"0.1\"", { kind: "compare", entity: "params", key: "lr", op: "!=", value: "0.1" }],
    ["params.lr < 0.1", { kind: "compare", entity: "params", key: "lr", op: "<", value: 0.1 }],
    ["tags.mlflow.source.type = 'JOB'", { kind: "compare", entity: "tags", key: "mlflow.source.type", op: "=", value: "JOB" }],
    ["tags.`a.b` LIKE '%x%'", { kind: "like", entity: "tags", key: "a.b", caseless: false, pattern: "%x%" }],
    ["tag.t ILIKE 'X%'", { kind: "like", entity: "tags", key: "t", caseless: true, pattern: "X%" }],
    ["attributes.status IN ('RUNNING', 'FAILED')", { kind: "in", entity: "attributes", key: "status", not: false, values: ["RUNNING", "FAILED"] }],
    ["attributes.run_id IN ('a',)", { kind: "in", entity: "attributes", key: "run_id", not: false, values: ["a"] }],
    ["tags.'mlflow.user' = 'ada'", { kind: "compare", entity: "tags", key: "mlflow.user", op: "=", value: "ada" }],
    ["attr.run_id NOT IN ('a')", { kind: "in", entity: "attributes", key: "run_id", not: true, values: ["a"] }],
    ["run.`run name` = 'x'", { kind: "compare", entity: "attributes", key: "run_name", op: "=", value: "x" }],
    ["status = 'FINISHED'", { kind: "compare", entity: "attributes", key: "status", op: "=", value: "FINISHED" }],
    ["attributes.start_time >= 1664067852747", { kind: "compare", entity: "attributes", key: "start_time", op: ">=", value: 1_664_067_852_747 }],
    ["cost >= 12.50", { kind: "compare", entity: "attributes", key: "cost", op: ">=", value: "12.50" }],
    ["attributes.cost in (0.100000000000000001, 3)", { kind: "in", entity: "attributes", key: "cost", not: false, values: ["0.100000000000000001", "3"] }],
    ["params.p IS NULL", { kind: "null", entity: "params", key: "p", not: false }],
    ["tags.t is not null", { kind: "null", entity: "tags", key: "t", not: true }],
    ["dataset.digest = 's1'", { kind: "compare", entity: "datasets", key: "digest", op: "=", value: "s1" }],
    ["metrics.m = inf", { kind: "compare", entity: "metrics", key: "m", op: "=", value: Infinity }],
    ["params.`it''s` = 'it\\'s'", { kind: "compare", entity: "params", key: "it''s", op: "=", value: "it's" }],
  ])("reads %s", (given, expected) => {
    expect(bare(parseFilter(given))).toEqual(expected);
  });

  it("binds and before or, and parentheses before both", () => {
    const names = (given: string) => JSON.stringify(bare(parseFilter(given)), (name, value: unknown) => (["entity", "op", "value"].includes(name) ? undefined : value));
    expect(names("metrics.a = 1 or metrics.b = 1 and metrics.c = 1")).toBe('{"kind":"or","items":[{"kind":"compare","key":"a"},{"kind":"and","items":[{"kind":"compare","key":"b"},{"kind":"compare","key":"c"}]}]}');
    expect(names("(metrics.a = 1 OR metrics.b = 1) AND metrics.c = 1")).toBe('{"kind":"and","items":[{"kind":"or","items":[{"kind":"compare","key":"a"},{"kind":"compare","key":"b"}]},{"kind":"compare","key":"c"}]}');
  });

  it("is none where there is no text", () => {
    expect(parseFilter("  ")).toBeNull();
    expect(printFilter(null)).toBe("");
  });

  it.each([
    ["metrics.a > 'x'", 0, "a is a number"],
    ["metrics.a > ", 12, "Expected a number"],
    ["tags.t in (,)", 11, "Expected a number, or a text"],
    ["tags.t in ('a',,)", 15, "Expected a number, or a text"],
    ["weights.a > 1", 0, "There is no weights"],
    ["colour = 'red'", 0, "There is no attribute colour"],
    ["metrics.a = 1 metrics.b = 2", 14, "Expected and, or, or the end"],
    ["(metrics.a = 1", 14, "closing parenthesis"],
    ["tags.t > 'a'", 0, "t is a text"],
    ["tags.t = 'a", 9, "never closed"],
    ["datasets.size = '1'", 9, "A data set has no size"],
    ["cost > '12.50'", 7, "Expected an amount as plain digits"],
    ["cost < 1e3", 7, "Expected an amount as plain digits"],
    ["cost like '1%'", 0, "cost is a number"],
    ["metrics.a ~ 1", 10, "means nothing"],
  ])("says what is wrong with %s, and where", (given, from, message) => {
    let caught: unknown;
    try {
      parseFilter(given);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FilterError);
    expect((caught as FilterError).at.from).toBe(from);
    expect((caught as FilterError).message).toContain(message);
  });
});

describe("an order", () => {
  it("is the same after it was printed and parsed", () => {
    const order: fc.Arbitrary<Order> = fc.tuple(fc.oneof(numeric, textual), fc.boolean()).map(([name, descending]) => ({ ...name, descending }));
    fc.assert(fc.property(order, (one) => {
      expect(parseOrder(printOrder(one))).toEqual(one);
    }));
  });

  it.each([
    ["metrics.acc DESC", { entity: "metrics", key: "acc", descending: true }],
    ["start_time", { entity: "attributes", key: "start_time", descending: false }],
    ["attribute.`Run Name` asc", { entity: "attributes", key: "run_name", descending: false }],
    ["params.`a b` desc", { entity: "params", key: "a b", descending: true }],
  ])("reads %s", (given, expected) => {
    expect(parseOrder(given)).toEqual(expected);
  });
});
