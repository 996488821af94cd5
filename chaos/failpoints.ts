import { burntOf, type FuseBox, fuseBox, leftOf, OWNERS } from "./fuses.ts";
import { type Scenario, scenarioFor } from "./scenarios.ts";
import type { Stack } from "./stack.ts";
import { tellVerdict } from "./verdicts.ts";

/** Fail-points that are walked together: few enough that a broken promise still names its suspects. */
const TOGETHER = 12;

interface Group {
  scenario: Scenario;
  names: string[];
}

/** Names that the same work leads one kind of process through. One kind at a time: while all die, little work gets done. */
export function groupsOf(names: readonly string[]): Group[] {
  const groups: Group[] = [];
  for (const scenario of new Set(names.map(scenarioFor))) {
    const led = names.filter((name) => scenarioFor(name) === scenario);
    const kinds = scenario.brings ? [led] : OWNERS.map((owner) => fuseBox(led)[owner].left);
    for (const kind of kinds) for (let at = 0; at < kind.length; at += TOGETHER) groups.push({ scenario, names: kind.slice(at, at + TOGETHER) });
  }
  return groups;
}

/** Arms the processes, leads work through the places until each was died at, and checks every promise afterwards. */
async function walk(stack: Stack, { scenario, names }: Group, trial: number): Promise<{ box: FuseBox; problems: string[] }> {
  const box = fuseBox(names);
  const victims = OWNERS.filter((owner) => !box[owner].done && owner !== scenario.brings).map((owner) => stack.services[owner]);
  for (const victim of victims) {
    await victim.stop();
    victim.fuses = box[OWNERS.find((owner) => stack.services[owner] === victim)!];
    victim.start();
  }
  const problems = await scenario.lead(stack, trial, box).catch((error: unknown) => [String(error)]);
  for (const victim of victims) {
    const armed = victim.fuses?.done === false;
    victim.fuses = null;
    if (!armed) continue;
    await victim.stop();
    victim.start();
  }
  return { box, problems };
}

/**
 * Named fail-points of agent, server and worker. Each must kill its process: a place that is never reached has failed.
 * @param count Told once for each name, and once for a group whose promises do not hold.
 */
export async function walkFailpoints(stack: Stack, names: readonly string[], count: (ok: boolean) => void): Promise<void> {
  const groups = groupsOf(names);
  for (const [index, group] of groups.entries()) {
    const begun = performance.now();
    const { box, problems } = await walk(stack, group, 10_000 + index);
    const unreached = leftOf(box);
    tellVerdict(`fail-points ${index + 1}/${groups.length}`, `in ${((performance.now() - begun) / 1000).toFixed(1)} s, died at ${burntOf(box).join(", ") || "none"}`, [...problems, ...unreached.map((name) => `${name} was never reached`)]);
    for (const _ of burntOf(box)) count(true);
    for (const _ of unreached) count(false);
    if (problems.length > 0) count(false);
  }
}
