import { MutationObserver, QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { archiveUndoably } from "./archive-undoably.ts";

it("undoing what was archived refreshes the table, though the toolbar that did it has gone", async () => {
  const asked: object[] = [];
  const toolbar = new MutationObserver(new QueryClient(), { mutationFn: async (input: { ids: string[]; archived: boolean }) => (asked.push(input), { changed: ["run_b"] }) });
  let leave = toolbar.subscribe(() => {});
  let refreshed = 0;
  let undo = () => {};
  await archiveUndoably(["run_a", "run_b"], true, { change: (input) => toolbar.mutate(input), done: () => ((refreshed += 1), leave()), offer: (_, take) => (undo = take) });
  leave = () => {};
  expect([refreshed, toolbar.hasListeners()]).toEqual([1, false]);
  undo();
  await expect.poll(() => refreshed).toBe(2);
  expect(asked).toEqual([{ ids: ["run_a", "run_b"], archived: true }, { ids: ["run_b"], archived: false }]);
});
