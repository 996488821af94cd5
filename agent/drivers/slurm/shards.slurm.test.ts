import { mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { drained, enrolled, isRunning, order } from "../../testing/agent-process.ts";
import { until } from "../contract.ts";
import { SlurmDriver } from "./driver.ts";

let lab: SlurmLab;
let world: Awaited<ReturnType<typeof enrolled>>;
beforeAll(async () => {
  lab = await SlurmLab.up(await mkdtemp(path.join(os.tmpdir(), "drover-shards-")), { nodes: 1, gpus: 2, shards: 4 });
  world = await enrolled();
}, 240_000);
afterAll(async () => {
  await world?.close();
  await lab?.down();
}, 60_000);

it("runs have shares of a GPU that Slurm gives whole too: as many as they ask for, of one GPU, metered as its part, and accounted by Slurm alike", async () => {
  const { server, agent } = world;
  const say = 'echo "$CUDA_VISIBLE_DEVICES $SLURM_SHARDS_ON_NODE"; sleep 20';
  const [two, one, whole, most] = [order(say, { gpus: 2, gpuModel: "shared" }), order(say, { gpus: 1, gpuModel: "h100.shared" }), order(say, { gpus: 1 }), order("true", { gpus: 4, gpuModel: "shared" })];
  server.want(two, one);
  agent.start({ ...lab.env, DROVER_AGENT_DRIVER: "slurm" });
  for (const { attemptId } of [two, one]) await isRunning(server, attemptId);
  server.want(two, one, whole);
  await isRunning(server, whole.attemptId);
  expect(server.nodes?.[0]?.accelerators).toMatchObject([{ index: 0, model: "H100", shares: 4 }, { index: 1, model: "H100", shares: 4 }]);
  expect([two, one, whole].map(({ attemptId }) => server.report(attemptId)?.accelerators)).toEqual([[0], [0], [1]]);
  const held = (attemptId: string) => {
    const [opened] = server.get(attemptId).usage;
    return opened?.kind === "open" ? opened.holds : [];
  };
  expect([two, one, whole].map(({ attemptId }) => held(attemptId))).toMatchObject([
    [{ node: "n01", accelerators: [], gpus: 2, parts: [{ model: "H100", milli: 500 }] }],
    [{ node: "n01", accelerators: [], gpus: 1, parts: [{ model: "H100", milli: 250 }] }],
    [{ node: "n01", accelerators: [], gpus: 1 }],
  ]);
  expect(held(whole.attemptId)[0]).not.toHaveProperty("parts");

  server.want(two, one, whole, most); // no GPU has four shares left
  await until("Slurm to let it wait", async () => server.report(most.attemptId)?.scheduler?.state === "PENDING");
  await lab.run("sbatch", ["--parsable", "--mem=100M", "--gres=shard:1", "--output=/dev/null", "--wrap", "sleep 20"]);
  const driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(lab.home, "tasks") });
  await until("the job of others to be seen", async () => (await driver.scheduler())?.jobs.some(({ state, shares, gpus }) => state === "running" && shares === 1 && gpus === 0));

  for (const { attemptId } of [two, one, whole, most]) await drained(server, attemptId, 90);
  expect([two, one].map(({ attemptId }) => server.get(attemptId).stdout.toString())).toEqual(["0 2\n", "0 1\n"]);
  const handed = new Map<string, string>();
  for (const { attemptId } of [two, whole]) handed.set(attemptId, server.report(attemptId)!.scheduler!.job);
  const told = await until("Slurm's accounting", async () => {
    const answer = await driver.accounting.read(handed);
    return answer.kind === "told" && [...answer.parts.values()].every((parts) => parts[0]?.endedAt) ? answer : null;
  }, 30);
  expect([two, whole].map(({ attemptId }) => told.parts.get(attemptId)![0])).toMatchObject([{ gpus: 0, shares: 2 }, { gpus: 1, shares: 0 }]);
}, 240_000);

it("a run that asks for shares which no GPU has is told so", async () => {
  const { server } = world;
  const none = order("true", { gpus: 1, gpuModel: "a100.shared" });
  server.want(none);
  expect((await drained(server, none.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringContaining("resources.gpuModel: no node has shares of a100") as string });
}, 60_000);
