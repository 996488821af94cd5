import { describe, expect, it } from "vitest";
import { csvLine } from "./table-file.ts";

describe("a line of CSV", () => {
  it.each(["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1+1", "＠SUM(A1)"])("lets no spreadsheet run %j", (cell) => expect(csvLine([cell]).replace(/^"/, "")).toMatch(/^'/));
  it.each([["-1.5", "-1.5"], ["+2", "+2"], ["a=1", "a=1"], ["", ""], ['say "hi", twice', '"say ""hi"", twice"']])("keeps %j as it is, quoted where it must be", (cell, is) => expect(csvLine([cell])).toBe(`${is}\r\n`));
});
