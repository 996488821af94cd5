import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvRows, prettyJson, previewKind } from "./artifact-preview.ts";

it.each([
  ["plots/roc.png", "image/png", "image"],
  ["metrics.json", "application/octet-stream", "json"],
  ["table.tsv", "application/octet-stream", "csv"],
  ["notes", "text/plain; charset=utf-8", "text"],
  ["configs/a.yaml", "application/octet-stream", "text"],
  ["model.safetensors", "application/octet-stream", null],
  ["page.html", "text/html", "text"],
] as const)("shows %s (%s) as %s", (path, type, kind) => {
  expect(previewKind(path, type)).toBe(kind);
});

it("indents JSON and leaves alone what is none", () => {
  expect([prettyJson('{"a":1}'), prettyJson('{"a":')]).toEqual(['{\n  "a": 1\n}', '{"a":']);
});

it("indents JSON as JavaScript does, but keeps numbers that it cannot hold", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    const plain = JSON.stringify(value);
    expect(prettyJson(plain)).toBe(JSON.stringify(JSON.parse(plain), null, 2));
  }));
  expect(prettyJson('{"id":12345678901234567890,"lr":1.0,"big":1e400,"a":1,"a":2}')).toBe('{\n  "id": 12345678901234567890,\n  "lr": 1.0,\n  "big": 1e400,\n  "a": 1,\n  "a": 2\n}');
  expect(prettyJson('"caf\\u00e9"')).toBe('"café"');
});

describe("rows of a CSV", () => {
  it("read back whatever was written", () => {
    const cell = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 }), (table) => {
        const text = `h1,h2,h3\n${table.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(",")).join("\n")}\n`;
        expect(csvRows(text, 100, true)).toEqual({ rows: [["h1", "h2", "h3"], ...table], more: false });
      }),
    );
  });
  it("know tabs and semicolons by the first line", () => {
    expect([csvRows("a\tb\n1\t2\n", 9, true).rows[1], csvRows("a;b\n1,5;2\n", 9, true).rows[1]]).toEqual([["1", "2"], ["1,5", "2"]]);
  });
  it("end at the limit, and leave out a row that was cut", () => {
    expect(csvRows("a\nb\nc\n", 2, true)).toEqual({ rows: [["a"], ["b"]], more: true });
    expect(csvRows("a\nb\nhal", 9, false)).toEqual({ rows: [["a"], ["b"]], more: true });
  });
});
