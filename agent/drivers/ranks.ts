import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { readText } from "../disk.ts";
import { rankLabel } from "../protocol/ranks.ts";
import { decodeStatus } from "./handle.ts";

/**
 * The companion of one process among several: a POSIX shell script that the launcher starts once per rank. Arguments: the
 * attempt's folder, then the command. It keeps, in `ranks/` of the folder:
 *
 *   <rank>.out, .err  what the process printed: each rank writes files of its own, so no rank waits for another's reader
 *   <rank>.host       where it ran
 *   <rank>.exit       exit status and time; missing where the process and its companion were killed together
 *
 * The command runs in a session of its own. A file `ask` in the attempt's folder is passed on as SIGTERM, whatever the
 * launcher between does with signals, as is `job/told` where all ranks are on one node; `over`, or the end of this script, kills what is left: a node that was cut off and
 * comes back ends by itself.
 */
export const RANK_SCRIPT = `#!/bin/sh
dir=$1; shift
RANK=\${RANK:-\${OMPI_COMM_WORLD_RANK:-\${PMI_RANK:-\${SLURM_PROCID:-0}}}}
WORLD_SIZE=\${WORLD_SIZE:-\${OMPI_COMM_WORLD_SIZE:-\${PMI_SIZE:-\${SLURM_NTASKS:-1}}}}
LOCAL_RANK=\${LOCAL_RANK:-\${OMPI_COMM_WORLD_LOCAL_RANK:-\${MPI_LOCALRANKID:-\${SLURM_LOCALID:-0}}}}
LOCAL_WORLD_SIZE=\${LOCAL_WORLD_SIZE:-\${OMPI_COMM_WORLD_LOCAL_SIZE:-\${DROVER_PROCESSES_PER_NODE:-1}}}
NODE_RANK=\${GROUP_RANK:-$((RANK / LOCAL_WORLD_SIZE))}
DROVER_NODE_RANK=$NODE_RANK
DROVER_NODE_NAME=\${SLURMD_NODENAME:-$(hostname)}
export RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE NODE_RANK DROVER_NODE_RANK DROVER_NODE_NAME
at=$dir/ranks/$RANK
rm -f "$at.exit"
echo "$DROVER_NODE_NAME" > "$at.host"
setsid "$@" </dev/null >>"$at.out" 2>>"$at.err" &
child=$!
trap 'kill -TERM "-$child" 2>/dev/null' TERM INT HUP
me=$$
sampler=
if [ "$LOCAL_RANK" = 0 ] && [ "\${DROVER_NUM_NODES:-1}" -gt 1 ] && [ -e "$dir/gpus.sh" ]; then
  sh "$dir/gpus.sh" "$dir/job" </dev/null >/dev/null 2>&1 &
  sampler=$!
fi
(
  trap '' TERM INT HUP
  asked=
  while kill -0 "$child" 2>/dev/null; do
    if [ -e "$dir/over" ] || ! kill -0 "$me" 2>/dev/null; then kill -KILL "-$child" 2>/dev/null; exit; fi
    if [ -z "$asked" ] && { [ -e "$dir/ask" ] || { [ "\${DROVER_NUM_NODES:-1}" = 1 ] && [ -e "$dir/job/told" ]; }; }; then asked=yes; kill -TERM "-$child" 2>/dev/null; fi
    sleep 0.5
  done
) >/dev/null 2>&1 </dev/null &
status=0
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
[ -z "$sampler" ] || kill "$sampler" 2>/dev/null
echo "$status $(date +%s%N)" > "$at.exit.tmp"
mv "$at.exit.tmp" "$at.exit"
kill -KILL "-$child" 2>/dev/null
exit "$status"
`;
export const RANK_FILES = { script: "rank.sh", folder: "ranks", ask: "ask", over: "over", launcher: "launcher" } as const;

export interface RankEnd {
  rank: number;
  node: string;
  /** Null: killed together with its companion, so nobody wrote it down. */
  exit: { code: number | null; signal: string | null; status: number; at: number } | null;
}

/** Whether an attempt is made of several processes, each with a log of its own. */
export const hasRanks = (ask: { launcher: string; nodes: number; processes: number }): boolean => ask.nodes * ask.processes > 1;

/** How each rank ended so far, by rank. */
export async function rankEnds(folder: string): Promise<RankEnd[]> {
  const home = path.join(folder, RANK_FILES.folder);
  const names = await readdir(home).catch(() => [] as string[]);
  const ranks = names.flatMap((name) => (/^\d+\.host$/.test(name) ? [Number.parseInt(name, 10)] : [])).toSorted((a, b) => a - b);
  return Promise.all(ranks.map(async (rank) => {
    const node = ((await readText(path.join(home, `${rank}.host`))) ?? "").trim();
    const match = /^(\d{1,3}) (\d+)\n$/.exec((await readText(path.join(home, `${rank}.exit`))) ?? "");
    const status = Number(match?.[1]);
    return { rank, node, exit: match ? { ...decodeStatus(status), status, at: Number(BigInt(match[2]!) / 1_000_000n) } : null };
  }));
}

/** The rank that failed first: that is the cause, what the others did after it follows from it. */
export function firstFailure(ends: readonly RankEnd[]): (RankEnd & { exit: NonNullable<RankEnd["exit"]> }) | null {
  let first: (RankEnd & { exit: NonNullable<RankEnd["exit"]> }) | null = null;
  for (const { exit, ...end } of ends) if (exit && exit.status !== 0 && (!first || exit.at < first.exit.at)) first = { ...end, exit };
  return first;
}

/** In words, for the report: which of how many, where, how. */
export function rankWords({ rank, node, exit }: RankEnd, of: number): string {
  const how = exit === null ? "vanished without a trace" : exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
  return `Rank ${rank} of ${of}${node ? ` on ${node}` : ""} ${how} first.`;
}

/** What the ranks of an attempt have printed, in bytes: their files with sizes, in the order in which they are read. */
export async function rankFiles(folder: string, end: "out" | "err"): Promise<{ label: string; file: string; size: number }[]> {
  const home = path.join(folder, RANK_FILES.folder);
  const names = (await readdir(home).catch(() => [] as string[])).filter((name) => name.endsWith(`.${end}`));
  const labelled = names.flatMap((name) => {
    const rank = /^(\d+)\./.exec(name)?.[1];
    if (rank !== undefined) return [{ order: Number(rank), label: rankLabel(Number(rank)), name }];
    return name.startsWith(`${RANK_FILES.launcher}.`) ? [{ order: -1, label: "", name }] : [];
  });
  return Promise.all(labelled.toSorted((a, b) => a.order - b.order).map(async ({ label, name }) => {
    const file = path.join(home, name);
    const info = await lstat(file).catch(() => null);
    return { label, file, size: info?.isFile() ? info.size : 0 };
  }));
}
