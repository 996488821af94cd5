import { FAILPOINTS as AGENT_FAILPOINTS } from "../agent/failpoint.ts";
import { FAILPOINTS as SERVER_FAILPOINTS } from "../server/failpoint.ts";
import { until } from "./processes.ts";
import { scenarioFor } from "./scenarios.ts";
import type { Stack } from "./stack.ts";

const HIT_SECONDS = 20;
export const ALL_FAILPOINTS: readonly string[] = [...AGENT_FAILPOINTS, ...SERVER_FAILPOINTS];

const ownerOf = (name: string) => (name.startsWith("agent.") ? "agent" : name.startsWith("worker.") ? "worker" : "server");

/** Kill the process at one named place while work passes through it, and check every promise afterwards. */
async function hit(stack: Stack, name: string, trial: number): Promise<string[]> {
  const victim = stack.services[ownerOf(name)];
  stack.armed = { DROVER_FAILPOINT: name };
  stack.hits = 0;
  await victim.stop();
  const before = victim.restarts;
  victim.start(stack.armed);
  try {
    const problems = await scenarioFor(name)(stack, trial);
    const died = async () => victim.restarts + stack.hits > before;
    const reached = await until(`the process to die at ${name}`, died, HIT_SECONDS).then(() => true, () => false);
    return [...problems, ...(reached ? [] : [`${name} was never reached`])];
  } finally {
    stack.armed = {};
    if (victim.restarts === before) {
      await victim.stop();
      victim.start();
    }
  }
}

/** The named fail-points of agent, server and worker, one by one. A place that is never reached has failed: it would prove nothing. */
export async function walkFailpoints(stack: Stack, names: readonly string[], count: (ok: boolean) => void): Promise<void> {
  for (const [index, name] of names.entries()) {
    const begun = performance.now();
    const problems = await hit(stack, name, 10_000 + index).catch((error: unknown) => [String(error)]);
    console.log(`fail-point ${index + 1}/${names.length} ${name}: ${problems.length === 0 ? "ok" : "FAILED"} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    for (const problem of problems) console.log(`  ${problem}`);
    count(problems.length === 0);
  }
}
