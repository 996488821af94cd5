import { afterAll, beforeAll, expect, it } from "vitest";
import { compare, decimal } from "../../domain/costs/decimal.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

it("a run that is moved to a dearer cluster is kept for at its price, or stays where its budget does not take that; to a cheaper one at less", async () => {
  const { api } = world.owner;
  for (const [slug, unitPrice] of [["berlin", "1"], ["oslo", "20"]] as const) {
    const cluster = await world.makeCluster(world.org.id, slug, { cpus: 8 });
    await api.costs.addPrice({ kind: "cpu", clusterId: cluster.id, unitPrice, validFrom: "2020-01-01T00:00:00Z" });
  }
  const small = await api.costs.createBudget({ name: "small", scope: { type: "project", id: world.vision.id }, amount: "25", policy: "block" });
  const held = async () => (await api.costs.budgets()).budgets.find(({ id }) => id === small.id)!.held;
  const is = async (amount: string) => expect(compare(decimal(await held()), decimal(amount))).toBe(0);
  const submit = async (name: string) => (await api.experiments.submit({ spec: specOf({ name, cluster: "berlin", resources: { cpus: 1 }, maxDuration: 3600 }) })).id;
  const [one, two] = [await submit("one"), await submit("two")];
  await is("2");
  await api.queue.move({ ids: [one], cluster: "oslo" });
  await is("21");
  await expect(api.queue.move({ ids: [one, two], cluster: "oslo" })).rejects.toThrow(/The budget small/);
  await is("21");
  await api.queue.move({ ids: [one], cluster: "berlin" });
  await api.queue.move({ ids: [two], cluster: null }); // as dear as the dearest that it may get
  await is("21");
});
