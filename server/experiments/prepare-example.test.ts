import { afterAll, beforeAll, expect, it } from "vitest";
import { clients } from "../../db/client.ts";
import { checkSpecYaml } from "../../domain/experiments/spec-yaml.ts";
import { objectStore } from "./object-store.ts";
import { findObject } from "./queries/artifacts.ts";
import { type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

it("turns the example into a spec that can be submitted as it is, its code kept once", async () => {
  const { api } = world.owner;
  expect((await api.experiments.examples()).map(({ name }) => name)).toContain("digits");
  const { yaml } = await api.experiments.prepareExample({ name: "digits" });
  const { spec, issues } = checkSpecYaml(yaml);
  expect(issues).toEqual([]);
  expect(spec?.code?.kind).toBe("archive");
  if (spec?.code?.kind !== "archive") return;
  expect(await objectStore().has((await findObject(world.db, world.org.id, spec.code.sha256))!)).toBe(spec.code.bytes);
  expect(await api.experiments.codeUploaded({ sha256: spec.code.sha256 })).toEqual({ uploaded: true });
  expect(await api.experiments.prepareExample({ name: "digits" })).toEqual({ yaml });
});
it("knows no example by another name, nor by a word that objects have", async () => {
  for (const name of ["../digits", "constructor"]) await expect(world.owner.api.experiments.prepareExample({ name })).rejects.toMatchObject({ code: "NOT_FOUND" });
});
