import { expect, it } from "vitest";
import { isChanged, viewQuery, viewState } from "./saved-view.ts";

it("a view keeps the choices of a page in a fixed order, and nothing of the moment", () => {
  expect(viewState("?sort=loss&peek=run_1&q=a%3Db&project=x&view=view_1")).toBe("q=a%3Db&sort=loss");
  expect(viewState("b=2&a=1")).toBe(viewState("a=1&b=2"));
});

it("a link to a view says what it shows, in which project, and that it is the view", () => {
  const view = { id: "view_1", state: "q=a%3Db", project: { id: "p", slug: "vision", name: "Vision" } };
  expect(viewQuery(view)).toBe("q=a%3Db&project=vision&view=view_1");
  expect(isChanged(view, viewQuery(view))).toBe(false);
  expect(isChanged(view, `${viewQuery(view)}&sort=x`)).toBe(true);
});
