import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../../../db/schema/columns.ts";
import { runCheckpointFiles, runCheckpoints } from "../../../db/schema/checkpoints.ts";
import { artifacts } from "../../../db/schema/experiments.ts";
import { artifactPathProblem, MAX_PATH_BYTES } from "../../../domain/experiments/artifact-path.ts";
import { objectStore } from "../object-store.ts";
import { type TestWorld, testWorld } from "../testing.ts";
import { putClientFile } from "./client-files.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

/** Of so many bytes, three to a character, that no compression makes shorter. */
function pathOf(bytes: number): string {
  let seed = 7;
  const dice = () => (seed = (seed * 48_271) % 2_147_483_647);
  const signs = Array.from({ length: Math.floor(bytes / 3) }, () => String.fromCodePoint(0x4e00 + (dice() % 20_000))).join("");
  return signs + "x".repeat(bytes % 3);
}

it("the longest path that is taken fits wherever files are kept, and a longer one is refused with the reason", async () => {
  const longest = pathOf(MAX_PATH_BYTES);
  expect([artifactPathProblem(longest), artifactPathProblem(`${longest}x`)]).toEqual([null, `A path may have at most ${MAX_PATH_BYTES} bytes.`]);
  const run = await world.makeRun();
  const where = { orgId: world.org.id, owner: { kind: "run", id: run.id }, path: longest } as const;
  const { sha256, bytes } = await putClientFile(world.db, objectStore(), where, [Buffer.from("x")], {});
  const attempt = await world.makeAttempt(run, (await world.makeCluster(world.org.id, "paths")).id);
  const file = { orgId: world.org.id, runId: run.id, path: longest, sha256, bytes };
  await world.db.insert(artifacts).values({ ...file, id: newId("artifact"), attemptId: attempt.id, contentType: "text/plain" });
  await world.db.insert(runCheckpoints).values({ runId: run.id, orgId: world.org.id, attemptId: attempt.id, attemptNumber: 1, files: 1, bytes });
  await world.db.insert(runCheckpointFiles).values(file);
  expect(await world.owner.api.experiments.artifacts({ id: run.id })).toHaveLength(2);
});
