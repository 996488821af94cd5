import { expect, it } from "vitest";
import { isNarrowed, loadRunsParams, runFilterOf } from "./runs-params.ts";

it("reads a filter from the URL and leaves out what is not given", () => {
  expect(runFilterOf(loadRunsParams("?q=%20llama&status=running,failed&owner=me&project=vision"))).toEqual({ text: "llama", status: ["running", "failed"], owner: "me", project: "vision" });
  expect(runFilterOf(loadRunsParams(""))).toEqual({});
});
it("shows the list rather than an error for words that are no status, slug or id", () => {
  expect(runFilterOf(loadRunsParams("?status=exploded&owner=you&experiment=x&project=Not%20A%20Slug"))).toEqual({});
});
it("does not count the scope as a filter", () => {
  expect([isNarrowed(loadRunsParams("?project=vision")), isNarrowed(loadRunsParams("?q=a"))]).toEqual([false, true]);
});
