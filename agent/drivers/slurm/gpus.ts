import { readdir } from "node:fs/promises";
import path from "node:path";
import { readText } from "../../disk.ts";
import { BASE_QUERY, type Gpu, parseGpus } from "../../inventory/gpu.ts";
import type { AcceleratorUse } from "../driver.ts";

/** Written to the attempt's folder and run beside the command, once on each node of the job. */
export const SAMPLER = "gpus.sh";
const EVERY_SECONDS = 10;
const PREFIX = "gpus.";

/**
 * Only on its node can a job's GPU be measured. Arguments: the job's folder. It leaves `gpus.<node>`: the time and the numbers
 * that Slurm gives the job's GPUs, then what nvidia-smi says. Where there is no nvidia-smi it ends at once, and where the job has shares
 * of a GPU: what that does others do too.
 */
export const SAMPLER_SCRIPT = `#!/bin/sh
[ -z "\${SLURM_SHARDS_ON_NODE:-}" ] || exit 0
command -v nvidia-smi >/dev/null 2>&1 || exit 0
file=$1/${PREFIX}\${SLURMD_NODENAME:-$(hostname -s)}
while :; do
  { echo "$(date +%s%N) \${SLURM_STEP_GPUS:-\${SLURM_JOB_GPUS:-}}"; timeout 20 nvidia-smi --query-gpu=${BASE_QUERY.join(",")} --format=csv,noheader,nounits; } > "$file.tmp" 2>/dev/null
  mv -f "$file.tmp" "$file"
  sleep ${EVERY_SECONDS}
done
`;

/** Numbers of a list as Slurm writes it, such as `0,2-3`. */
export function parseIndexes(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (!match) return [];
    const from = Number(match[1]);
    return Array.from({ length: Math.max(0, Number(match[2] ?? from) - from + 1) }, (_, at) => from + at);
  });
}

/**
 * One sample of one node, by Slurm's numbers of the job's GPUs. Where devices are constrained nvidia-smi sees no others and
 * counts these from 0; where they are not it sees all of the node, and those of other jobs are left out.
 */
export function parseSample(text: string): { stamp: string; gpus: { index: number; use: Gpu["use"] }[] } | null {
  const [head = "", ...rest] = text.split("\n");
  const match = /^(\d+) ?(.*)$/.exec(head);
  if (!match) return null;
  const mine = parseIndexes(match[2]!);
  const seen = parseGpus(rest.join("\n")).toSorted((a, b) => a.index - b.index);
  const isConstrained = seen.length <= mine.length;
  const gpus = isConstrained ? seen.map(({ use }, at) => ({ index: mine[at]!, use })) : seen.filter(({ index }) => mine.includes(index)).map(({ index, use }) => ({ index, use }));
  return { stamp: match[1]!, gpus };
}

/** What attempts' samplers left since they were last read. A job's word on its own nodes only, and on no more GPUs than it has. */
export class GpuSamples {
  private stamps = new Map<string, string>();

  async read(attempts: readonly { folder: string; nodes: readonly string[] }[]): Promise<AcceleratorUse[]> {
    const seen = new Map<string, string>();
    const found = await Promise.all(attempts.map(({ folder, nodes }) => this.ofAttempt(folder, nodes, seen)));
    this.stamps = seen;
    return found.flat();
  }

  private async ofAttempt(folder: string, nodes: readonly string[], seen: Map<string, string>): Promise<AcceleratorUse[]> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(PREFIX) && nodes.includes(name.slice(PREFIX.length)));
    const all = await Promise.all(names.map(async (name) => {
      const file = path.join(folder, name);
      const sample = parseSample((await readText(file).catch(() => null)) ?? "");
      if (!sample) return [];
      seen.set(file, sample.stamp);
      if (this.stamps.get(file) === sample.stamp) return []; // clocks of nodes differ: a sample is new when it is another
      return sample.gpus.map(({ index, use }) => ({ node: name.slice(PREFIX.length), index, use }));
    }));
    return all.flat();
  }
}
