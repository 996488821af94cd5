import { expect, it } from "vitest";
import { keyFor } from "./submit-key.ts";

it("a submit that is repeated keeps its key, one of a changed spec gets another", () => {
  const first = keyFor({ name: "a", resources: { gpus: 1 } }, null);
  expect(keyFor({ name: "a", resources: { gpus: 1 } }, first).key).toBe(first.key);
  expect(keyFor({ name: "a", resources: { gpus: 2 } }, first).key).not.toBe(first.key);
});
