import { rmSync } from "node:fs";
import { join } from "node:path";
import { isDone, type FuseBox } from "./fuses.ts";
import { until } from "./processes.ts";
import { agentProcess, enrolmentCode, type Stack } from "./stack.ts";

const PATIENCE_SECONDS = 90;
/** Rounds until every place must have been died at: one death each at the least, and a kill may cost a round. */
const MOST_ROUNDS = 4;

/** Goes one step further than its checkpoint says, and fails the first time: only with the checkpoint does the second attempt succeed. */
const STEP = 'n=$(cat "$DROVER_CHECKPOINT_DIR/step" 2>/dev/null || echo 0); echo "at $n"; echo $((n + 1)) > "$DROVER_CHECKPOINT_DIR/new"; mv "$DROVER_CHECKPOINT_DIR/new" "$DROVER_CHECKPOINT_DIR/step"; [ "$n" -ge 1 ] || exit 7';

/** A run fails on one cluster and goes on from its checkpoint on another, whatever dies on the way. */
export async function leadMoves(stack: Stack, trial: number, box: FuseBox): Promise<string[]> {
  const folder = join(stack.folder, `agent-${trial}`);
  const { clusterId, code } = await enrolmentCode(stack, `Cluster ${trial}`);
  const enrolled = await agentProcess(stack, `enrol-${trial}`, folder, ["enrol", "--url", stack.agentUrl, "--code", code]).runOnce();
  if (enrolled !== 0) return [`the second agent's enrolment ended with ${enrolled}`];
  const second = agentProcess(stack, `agent-${trial}`, folder);
  const { agent } = stack.services;
  await agent.stop();
  for (const each of [agent, second]) {
    each.fuses = box.agent;
    each.start();
  }
  const problems: string[] = [];
  try {
    for (let round = 0; !isDone(box) && round < MOST_ROUNDS; round += 1) problems.push(...(await move(stack, `t${trial}-${round}-moves`, [stack.clusterId, clusterId])));
  } finally {
    await settle(stack, stack.clusterId, false);
    await settle(stack, clusterId, true);
    agent.fuses = null;
    await Promise.all([agent.stop(), second.stop()]);
    agent.start();
    rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}

/** One run from the first cluster to the second. @returns what was wrong with it. */
async function move(stack: Stack, name: string, [from, to]: [string, string]): Promise<string[]> {
  await settle(stack, to, true);
  await settle(stack, from, false);
  const spec = { name, project: "default", command: STEP, resources: { cpus: 0.1, memory: 16 }, retry: { max: 3, on: ["user_code" as const, "platform" as const] } };
  const id = await until(`the submission of ${name}`, async () => (await stack.api.experiments.submit.mutate({ spec, idempotencyKey: name })).id, PATIENCE_SECONDS);
  const ended = (cluster: string) => stack.sql`select 1 from attempts where run_id = ${id} and cluster_id = ${cluster} and status = 'ended'`;
  await until(`${name} to fail on the first cluster`, async () => (await ended(from)).length >= 1, PATIENCE_SECONDS);
  await settle(stack, from, true);
  await settle(stack, to, false);
  await until(`${name} to end on the second cluster`, async () => (await stack.sql`select 1 from runs where id = ${id} and status in ('succeeded', 'failed')`).length === 1, PATIENCE_SECONDS);
  const attempts = await stack.sql<{ number: number; cluster_id: string; outcome: string }[]>`select number, cluster_id, outcome from attempts where run_id = ${id} order by number`;
  const told = await stack.sql<{ kind: string }[]>`select kind from run_events where run_id = ${id} and kind in ('checkpoint.stored', 'checkpoint.restored')`;
  const story = attempts.map(({ number, cluster_id: cluster, outcome }) => `${number} ${outcome} on ${cluster === from ? "the first" : "the second"}`).join(", ");
  const last = attempts.at(-1)!;
  const restored = told.filter(({ kind }) => kind === "checkpoint.restored").length;
  const isWhole = last.outcome === "succeeded" && last.cluster_id === to && restored >= 1;
  return isWhole ? [] : [`${name}: ${story}; its checkpoint was taken over ${restored} times`];
}

const settle = (stack: Stack, id: string, drained: boolean) => until(`a cluster to be ${drained ? "drained" : "undrained"}`, () => (drained ? stack.api.clusters.drain.mutate({ id }) : stack.api.clusters.undrain.mutate({ id })).then(() => true), PATIENCE_SECONDS);
