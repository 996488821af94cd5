import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../chaos/processes.ts";
import type { Stack } from "../chaos/stack.ts";
import { measureClaims } from "./claims.ts";
import { median, percentile, say } from "./figures.ts";
import { withStack } from "./with-stack.ts";

// Submit → the process runs its first instruction, through HTTP, placement, the agent's long poll and its journal.

const GOAL_MS = 250;
const ROUNDS = 5;

function spec(stack: Stack, name: string) {
  return { name, project: "default", command: `date +%s%N > "${join(stack.folder, "begun")}/$DROVER_RUN_ID"`, resources: { cpus: 0.1, memory: 16 } };
}

/** Milliseconds from each submit to its start, with `count` runs handed in at once. */
async function measure(stack: Stack, count: number): Promise<number[]> {
  const begun = join(stack.folder, "begun");
  mkdirSync(begun, { recursive: true });
  const submitted = new Map<string, number>();
  const parallel = Math.min(count, 16);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const at = Date.now();
      const { id } = await stack.api.experiments.submit.mutate({ spec: spec(stack, `bench-${count}-${index}`) });
      submitted.set(id, at);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  await until(`${count} runs to start`, async () => [...submitted.keys()].every((id) => existsSync(join(begun, id))) && readdirSync(begun).length > 0, 600);
  return [...submitted].map(([id, at]) => Number(BigInt(readFileSync(join(begun, id), "utf8").trim()) / 1_000_000n) - at);
}

await withStack(async (stack) => {
  await measure(stack, 5); // warm: compiled code, open connections
  const single: number[] = [];
  for (let round = 0; round < 50; round += 1) single.push(...(await measure(stack, 1)));
  say("submit to start, 1 queued, p50", percentile(single, 0.5), "ms");
  say("submit to start, 1 queued, p99", percentile(single, 0.99), "ms", `goal < ${GOAL_MS}: ratio ${(percentile(single, 0.99) / GOAL_MS).toFixed(2)}`);
  for (const count of [100, 1000]) {
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(stack, count));
    const of = (figure: (times: number[]) => number) => median(rounds.map(figure));
    say(`submit to start, ${count} queued at once, p50`, of((times) => percentile(times, 0.5)), "ms", `median of ${ROUNDS}`);
    say(`submit to start, ${count} queued at once, p99`, of((times) => percentile(times, 0.99)), "ms", `${of((times) => count / (Math.max(...times) / 1000)).toFixed(1)} starts/s`);
  }
  for (const name of ["agent", "worker"] as const) await stack.services[name].stop(); // placement is measured by itself
  await measureClaims(stack);
});
