import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestWorld, testWorld } from "../server/experiments/testing.ts";
import { type Api, findRun } from "./api.ts";

let world: TestWorld;
let api: Api;
beforeAll(async () => {
  world = await testWorld();
  api = { trpc: { table: { search: { query: world.owner.api.table.search } } } } as unknown as Api;
});
afterAll(() => world.close());

describe("a run named on the command line", () => {
  it("is the newest of just that name, however many newer ones have it in theirs", async () => {
    await world.makeRun({ name: "train" });
    const { id } = await world.makeRun({ name: "train" });
    for (let made = 0; made < 201; made++) await world.makeRun({ name: `train-${made}` });
    expect(await findRun(api, "train")).toBe(id);
  });

  it("may have any characters, also those of an id or of a parameter", async () => {
    for (const name of ["run_finetune_of_a_large_model", "lr=0.1", "it's \\ \"quoted\"", "100%_done"]) {
      const { id } = await world.makeRun({ name });
      expect(await findRun(api, name)).toBe(id);
    }
    await expect(findRun(api, "100%")).rejects.toMatchObject({ exitCode: 4 });
  });
});
