import { processesOf } from "../protocol/ranks.ts";
import type { Driver, Ended } from "../drivers/driver.ts";
import type { ServerClock } from "../clock.ts";
import { answersTo, milliOfShares, shareName, sharesWanted, wholeName } from "../protocol/gpu-model.ts";
import type { AttemptReport, JobSpec, NodeReport, UsageEvent } from "../protocol/messages.ts";
import { isMoreThan, sharesOf } from "./granted.ts";
import type { Owed } from "./owed.ts";
import type { AttemptRecord } from "./record.ts";

type Hold = Extract<UsageEvent, { kind: "open" }>["holds"][number];

/** What the attempt holds of each node it runs on: what its run asked for, and which accelerators those are; more where its scheduler gave more. */
async function holdsOf(driver: Driver, record: AttemptRecord, nodeNames: readonly string[], indexes: readonly number[]): Promise<Hold[]> {
  const { spec } = record;
  if (!spec) return [];
  const known = driver.placesItself ? [] : indexes; // a scheduler numbers them as it likes: how many is held, not which
  const inShares = driver.placesItself && spec.gpus > 0 && sharesWanted(spec.gpuModel) !== null;
  const wholeGpus = inShares ? 0 : spec.gpus;
  const granted = (await driver.granted?.(record.id, record.folder.home)) ?? null;
  const isMore = granted !== null && isMoreThan(granted, { gpus: wholeGpus, cpus: spec.cpus, memoryMib: spec.memoryMib, processes: processesOf(spec) }, nodeNames.length);
  const nodes = isMore || inShares || (spec.gpus > 0 && known.length > 0) ? await driver.inventory(new Map()) : [];
  const nodeOf = (name: string) => nodes.find((node) => node.name === name);
  const withShares = (hold: Hold): Hold => (inShares && hold.gpus === 0 ? { ...hold, gpus: spec.gpus, parts: [sharesOn(nodeOf(hold.node), spec, indexes)] } : hold);
  if (isMore) {
    const shares = sharesOf(granted, nodeNames.map((name) => ({ cpus: nodeOf(name)?.cpus ?? 0, gpus: nodeOf(name)?.accelerators.length ?? 0 })), { gpus: wholeGpus });
    return nodeNames.map((node, at) => withShares({ node, accelerators: [], ...shares[at]! }));
  }
  return nodeNames.map((name) => {
    const found = nodeOf(name)?.accelerators.filter(({ index }) => known.includes(index)) ?? [];
    const isKnown = found.length === spec.gpus;
    const parts = isKnown ? found.flatMap(({ model, part }) => (part ? [{ model: wholeName(model), milli: part.milli }] : [])) : [];
    return withShares({ node: name, accelerators: isKnown ? found.map(({ uuid }) => uuid) : [], gpus: wholeGpus, cpus: spec.cpus, memoryMib: spec.memoryMib, ...(parts.length > 0 ? { parts } : {}) });
  });
}

/** What the shares that it asked for come to of a GPU: of that on which its scheduler put them, where it says so. */
function sharesOn(node: NodeReport | undefined, { gpus, gpuModel }: JobSpec, indexes: readonly number[]): NonNullable<Hold["parts"]>[number] {
  const fitting = (node?.accelerators ?? []).filter(({ model, shares }) => shares !== undefined && answersTo(shareName(model, shares), gpuModel));
  const gpu = fitting.find(({ index }) => indexes.includes(index)) ?? fitting[0];
  return { model: gpu?.model ?? "unknown", milli: milliOfShares(gpus, gpu?.shares ?? gpus) };
}

/** The beginning of what it holds: journaled before anybody is told that it runs. */
export async function noteUse({ driver, clock }: { driver: Driver; clock: ServerClock }, record: AttemptRecord, startedAt: number, { nodes = [], accelerators = [] }: Partial<AttemptReport>): Promise<void> {
  if (record.usage.length > 0) return;
  const holds = await holdsOf(driver, record, nodes, accelerators);
  if (holds.length > 0) await record.saveUsage({ kind: "open", at: clock.fromLocal(startedAt), holds });
}

/** The end of it; the beginning too, where nobody was there to see it run. A scheduler's accounting is to be heard of it as well. */
export async function noteUseEnd(parts: { driver: Driver; clock: ServerClock; owed: Owed }, record: AttemptRecord, startedAt: number | null, ended: Ended, place: Partial<AttemptReport>): Promise<void> {
  if (startedAt !== null) await noteUse(parts, record, startedAt, place);
  await record.saveUsage(closeOf(parts.clock, ended));
  await parts.owed.note(parts.driver, record, ended.at);
}

/** The wall clock places it; how long it was comes from the monotonic clock where that saw it. */
function closeOf(clock: ServerClock, ended: Ended): UsageEvent {
  const seen = ended.cause !== "wrapper_lost" && ended.cause !== "host_rebooted";
  return { kind: "close", at: clock.fromLocal(ended.at), lifeMs: ended.up ? Math.round((ended.up.to - ended.up.from) * 1000) : (ended.lifeMs ?? null), evidence: seen ? "measured" : "inferred" };
}
