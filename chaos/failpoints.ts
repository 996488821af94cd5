import { FAILPOINTS as AGENT_FAILPOINTS } from "../agent/failpoint.ts";
import { FAILPOINTS as SERVER_FAILPOINTS } from "../server/failpoint.ts";
import { type Job, jobOf } from "./job.ts";
import { until } from "./processes.ts";
import type { Stack } from "./stack.ts";
import { converge, submit } from "./trial.ts";
import { verify } from "./verify.ts";

/** One job of each kind that ends by itself. */
const KINDS = [0, 1, 2, 3, 4];
const HIT_SECONDS = 20;

const ownerOf = (name: string) => (name.startsWith("agent.") ? "agent" : name.startsWith("worker.") ? "worker" : "server");

/** Kill the process at one named point while runs pass through it, and check every promise afterwards. */
async function hit(stack: Stack, name: string, trial: number): Promise<string[]> {
  const victim = stack.services[ownerOf(name)];
  await victim.stop();
  const before = victim.restarts;
  victim.start({ DROVER_FAILPOINT: name });
  const runs = new Map<string, Job>();
  for (const index of KINDS) {
    const job = jobOf(index, trial);
    runs.set(await submit(stack, job), job);
  }
  await converge(stack, [...runs.keys()]);
  const reached = await until(`the process to die at ${name}`, async () => victim.restarts > before, HIT_SECONDS).then(() => true, () => false);
  return [...(reached ? [] : [`${name} was never reached`]), ...(await verify(stack, runs))];
}

/** Every named fail-point of agent, server and worker, one by one. */
export async function walkFailpoints(stack: Stack, count: (ok: boolean) => void): Promise<void> {
  const names = [...AGENT_FAILPOINTS, ...SERVER_FAILPOINTS];
  for (const [index, name] of names.entries()) {
    const problems = await hit(stack, name, 10_000 + index).catch((error: unknown) => [String(error)]);
    console.log(`fail-point ${index + 1}/${names.length} ${name}: ${problems.length === 0 ? "ok" : "FAILED"}`);
    for (const problem of problems) console.log(`  ${problem}`);
    count(problems.length === 0);
  }
}
