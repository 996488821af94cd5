import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Job, jobOf } from "./job.ts";
import { until } from "./processes.ts";
import type { Site } from "./site.ts";
import type { Stack } from "./stack.ts";
import { converge, submit } from "./trial.ts";
import { verify } from "./verify.ts";

/** The server writes down once a second whom it heard. */
const WRITTEN_MS = 2_000;

/**
 * That a link which is down is a cut, and not something that agent and server get around: nothing is heard of the agent, its run
 * becomes unreachable and stays so though its job ends meanwhile, and once the link is up that end is found by the same attempt.
 */
export async function proveSilence(stack: Stack, site: Site): Promise<string[]> {
  const job: Job = { ...jobOf(0, 20_000, false), lines: 120 };
  const id = await submit(stack, job);
  const attempt = await until(`${job.name} to run`, async () => (await stack.sql<{ id: string }[]>`select id from attempts where run_id = ${id} and status = 'running'`)[0]?.id, 30);
  const heard = async () => (await stack.sql<{ at: Date }[]>`select last_seen_at as at from agents where cluster_id = ${stack.clusterId}`)[0]!.at.getTime();
  const status = async () => (await stack.sql<{ status: string }[]>`select status from runs where id = ${id}`)[0]!.status;
  const found: string[] = [];
  const heal = site.cut("everything");
  try {
    await new Promise((resolve) => setTimeout(resolve, WRITTEN_MS));
    const last = await heard();
    await until(`${job.name} to become unreachable`, async () => (await status()) === "unreachable", 30);
    await until(`${job.name} to end by itself`, async () => existsSync(join(stack.folder, "lives", `${attempt}.end`)), 60);
    await new Promise((resolve) => setTimeout(resolve, WRITTEN_MS));
    if ((await heard()) !== last) found.push("its agent was heard while its link was down");
    if ((await status()) !== "unreachable") found.push(`it is ${await status()} while its agent's link is down`);
  } catch (error) {
    found.push(String(error));
  } finally {
    heal();
  }
  await converge(stack, [id]).catch((error: unknown) => found.push(String(error)));
  const attempts = await stack.sql<{ outcome: string | null }[]>`select outcome from attempts where run_id = ${id}`;
  if (attempts.length !== 1 || attempts[0]!.outcome !== "succeeded") found.push(`it has ${attempts.length} attempts, which ended as ${attempts.map(({ outcome }) => outcome).join(", ")}`);
  return [...found, ...(await verify(stack, new Map([[id, job]])))];
}
