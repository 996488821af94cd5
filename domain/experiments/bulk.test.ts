import { expect, it } from "vitest";
import { fewAtOnce } from "./bulk.ts";

it("does it to each once, never many at a time, goes on past failures and tells how far it is", async () => {
  const [done, told]: [number[], number[]] = [[], []];
  let [running, most] = [0, 0];
  const errors = await fewAtOnce(Array.from({ length: 50 }, (_, at) => at), async (one) => {
    most = Math.max(most, (running += 1));
    await Promise.resolve();
    running -= 1;
    done.push(one);
    if (one % 20 === 0) throw new Error(`${one} refused`);
  }, (count) => told.push(count));
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at));
  expect(told).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
  expect(most).toBe(6);
  expect(errors).toEqual([new Error("0 refused"), new Error("20 refused"), new Error("40 refused")]);
});
it("does nothing to nothing", async () => {
  expect(await fewAtOnce([], () => expect.fail("was called"), () => expect.fail("was told"))).toEqual([]);
});
