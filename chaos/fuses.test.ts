import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { groupsOf } from "./failpoints.ts";
import { ALL_FAILPOINTS, burntOf, fuseBox, Fuses, isDone, leftOf, ownerOf } from "./fuses.ts";

test("every fail-point of agent, server and worker is walked in exactly one group", () => {
  expect(groupsOf(ALL_FAILPOINTS).flatMap(({ names }) => names).sort()).toEqual([...ALL_FAILPOINTS].sort());
  expect(new Set(ALL_FAILPOINTS).size).toBe(ALL_FAILPOINTS.length);
  expect(ALL_FAILPOINTS.length).toBeGreaterThanOrEqual(60);
  expect(ALL_FAILPOINTS.every((name) => ownerOf(name))).toBe(true);
});

test("every fail-point of the lists stands somewhere in the code", () => {
  const root = join(import.meta.dirname, "..");
  const sources = ["agent", "server"].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)));
  const text = sources.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts")).map((file) => readFileSync(file, "utf8")).join("\n");
  expect(ALL_FAILPOINTS.filter((name) => !text.includes(`failpoint("${name}")`))).toEqual([]);
});

test("only a death that names its place takes the place off the list", () => {
  const fuses = new Fuses(["server.sync.begin", "server.logs.begin"]);
  fuses.burn("the server runs\n");
  fuses.burn("died at server.logs.begin\nand goes on after all\n");
  fuses.burn("died at server.metrics.begin\n");
  expect(fuses.left).toEqual(["server.sync.begin", "server.logs.begin"]);
  fuses.burn("words before\ndied at server.logs.begin\n");
  expect(fuses.burnt).toEqual(["server.logs.begin"]);
  expect(fuses.env()).toEqual({ DROVER_FAILPOINT: "server.sync.begin" });
});

test("a place that nothing died at is left over, and so counted as failed", () => {
  const box = fuseBox(["agent.join.before-next", "worker.place.begin"]);
  box.agent.burn("died at agent.join.before-next\n");
  expect(isDone(box)).toBe(false);
  expect({ burnt: burntOf(box), left: leftOf(box) }).toEqual({ burnt: ["agent.join.before-next"], left: ["worker.place.begin"] });
});
