import path from "node:path";
import type { Launch } from "../driver.ts";
import { rankCommand, torchrunWords } from "../launchers.ts";
import { quote } from "../quote.ts";
import { hasRanks, RANK_FILES } from "../ranks.ts";
import { SAMPLER } from "./gpus.ts";

/** Below an attempt's folder, written by the job: it may run as another account, and this folder is that account's. */
export const JOB_FOLDER = "job";
export const JOB_FILES = { gate: "gate", id: "id", host: "host", started: "started", exit: "exit", exitBefore: "exit.tmp", peak: "peak", env: "env.sh", slurm: "slurm.log", told: "told", gpus: "gpus", life: "life" } as const;

/** The batch script of a task of an array, in the attempt's folder: nobody but the agent can put another in its place. */
export const START_SCRIPT = "start.sh";

const words = (list: readonly string[]) => list.map(quote).join(" ");

/** `export NAME='value'` lines. Names that a shell cannot export are left out. */
export function envScript(env: Record<string, string>): string {
  return Object.entries(env).flatMap(([name, value]) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [`export ${name}=${quote(value)}`] : [])).join("\n") + "\n";
}

/**
 * The batch script: runs on the first node of the allocation. What it leaves in `job/`:
 *
 *   gate/    made by exactly one start: at most one per attempt, whatever Slurm or the agent believed
 *   id       the job that came through the gate
 *   started  empty; its time is the start
 *   exit     exit status of the command; its time is the end
 *   told     Slurm ended the job, and the command was told: Slurm itself tells only the script
 *   gpus     of one node, the numbers that Slurm gives the job's GPUs
 *   gpus.N   what they do on the node N, see gpus.ts
 *   life     its node's uptime when the command began and ended: a wall clock may step between the two
 *   peak     the most memory the job used on its first node, all its steps together, in bytes; empty where Slurm keeps it in no cgroup
 *
 * A requeued job finds the gate and gives up with 75. Signals to the whole job end the command, never this record. A watch
 * kills the command once the attempt is over: a node that was cut off, or of whose job Slurm knows no more, ends it by itself.
 * To hear SIGTERM at once the script must have the command beside it, and a shell then has SIGINT ignored there: `env` gives it back.
 */
export function jobScript(launch: Launch): string {
  const { folder, ask } = launch;
  const job = path.join(folder, JOB_FOLDER);
  const output = hasRanks(ask) ? path.join(folder, RANK_FILES.folder, RANK_FILES.launcher) : null;
  const stdout = output ? `${output}.out` : path.join(folder, "stdout.log");
  const stderr = output ? `${output}.err` : path.join(folder, "stderr.log");
  return `#!/bin/sh
job=${quote(job)}
if ! mkdir "$job/gate" 2>/dev/null; then echo "This attempt was started before; a retry is a new attempt." >&2; exit 75; fi
${pass(launch)}trap : INT HUP USR1 USR2
echo "$SLURM_JOB_ID" > "$job/id"
{ read -r host < /proc/sys/kernel/hostname || host=$(hostname); } 2>/dev/null
printf '%s\\n' "$host" "\${SLURM_JOB_NODELIST:-}" > "$job/host"
${measure(launch)}: > "$job/started"
read -r began rest < /proc/uptime
(
  trap - TERM INT HUP USR1 USR2
  . "$job/env.sh"
${rendezvous(launch)}
  cd ${quote(launch.workingDirectory)} || exit 72
  exec </dev/null >>${quote(stdout)} 2>>${quote(stderr)}
${interruptible(launch)}  exec \${heard:-} ${commandLine(launch)}
) &
command=$!
(
  trap '' TERM INT HUP USR1 USR2
  trap 'kill -KILL "$nap"; wait "$nap"; exit' ALRM
  until [ -e "$job/../${RANK_FILES.over}" ]; do sleep 1 & nap=$!; wait "$nap"; done
  kill -KILL "$command"
) </dev/null >/dev/null 2>&1 &
watch=$!
wait "$command"; status=$?
while kill -0 "$command" 2>/dev/null; do wait "$command"; status=$?; done
read -r ended rest < /proc/uptime && echo "$began $ended" > "$job/life"
kill -ALRM "$watch" 2>/dev/null; wait "$watch" # with what it runs: Slurm takes a second to end what is left
[ -z "\${sampler:-}" ] || kill "$sampler" 2>/dev/null
ofJob() { sed -n "s|^[0-9]*:$1:\\(/.*/job_[0-9]*\\)/.*|\\1|p" /proc/self/cgroup 2>/dev/null; }
v1=$(ofJob memory) v2=$(ofJob "")
if [ -n "$v1" ]; then cat "/sys/fs/cgroup/memory$v1/memory.max_usage_in_bytes"; elif [ -n "$v2" ]; then cat "/sys/fs/cgroup$v2/memory.peak"; fi > "$job/peak" 2>/dev/null
${probe(launch)}echo "$status" > "$job/exit.tmp"
sync "$job/exit.tmp" 2>/dev/null || sync
mv "$job/exit.tmp" "$job/exit"
exit "$status"
`;
}

/**
 * What Slurm ends, for other work or by somebody's scancel, gets SIGTERM and then the cluster's KillWait: it is passed on to all that the
 * script started, unless Drover told that itself. Several ranks on one node are told through the file; of several nodes Slurm tells the steps.
 */
function pass({ ask }: Launch): string {
  const on = ask.nodes === 1 && !hasRanks(ask) ? " kill -TERM 0;" : "";
  return `pass() { trap : TERM; [ -e "$job/../asked" ] || [ -e "$job/../told" ] || { : > "$job/told";${on} }; }
trap pass TERM
`;
}

/** Beside its shell a command has SIGINT ignored. Not every system's `env` can undo that, and none where the program's name has a `=`. */
function interruptible({ command }: Launch): string {
  return command[0]?.includes("=") ? "" : '  env --default-signal=INT,QUIT true 2>/dev/null && heard="env --default-signal=INT,QUIT"\n';
}

/**
 * The batch script of a job array: each task reads its own attempt's script. What an array is, the command need not know: its
 * own program may take a task's index for a choice of parameters. A folder that is gone starts nothing.
 */
export function arrayScript(tasks: readonly { folder: string; index: number }[]): string {
  const table = tasks.map(({ folder, index }) => `${index}) home=${quote(folder)} ;;`).join("\n");
  return `#!/bin/sh
case "$SLURM_ARRAY_TASK_ID" in
${table}
*) exit 75 ;;
esac
unset SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MAX SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP
. "$home/${START_SCRIPT}"
`;
}

/** On one node the script itself measures beside the command; of several, each node's first rank does. */
function measure({ folder, ask }: Launch): string {
  if (ask.nodes > 1) return "";
  return `if [ -n "\${SLURM_JOB_GPUS:-}" ]; then
  echo "$SLURM_JOB_GPUS" > "$job/gpus"
  sh ${quote(path.join(folder, SAMPLER))} "$job" </dev/null >/dev/null 2>&1 &
  sampler=$!
fi
`;
}

/**
 * A rank that fails because another one's machine died must not be blamed: after a failure each node is asked to run
 * `true`. If one does not, the job stays until Slurm itself has said that the node failed, or half an hour.
 */
function probe({ ask }: Launch): string {
  if (ask.nodes === 1) return "";
  const all = `srun --overlap --quiet --mem=0 --gres=none --mpi=none --cpu-bind=none --nodes=${ask.nodes} --ntasks=${ask.nodes} --ntasks-per-node=1 true`;
  return `if [ "$status" != 0 ] && [ ! -e "$job/../asked" ] && [ ! -e "$job/../${RANK_FILES.over}" ] && ! timeout 60 ${all} >/dev/null 2>&1; then
  : > "$job/doubt"
  waited=0
  while [ "$waited" -lt 1800 ] && [ ! -e "$job/../asked" ] && [ ! -e "$job/../${RANK_FILES.over}" ]; do sleep 1; waited=$((waited + 1)); done
fi
`;
}

/** Where ranks meet: a port of the first node that only this job derives. */
function rendezvous({ ask }: Launch): string {
  const variables = [
    ...(ask.nodes > 1 ? ["  MASTER_ADDR=$(hostname)", '  getent hosts "$MASTER_ADDR" >/dev/null 2>&1 || MASTER_ADDR=$(hostname -I 2>/dev/null | cut -d" " -f1)'] : ["  MASTER_ADDR=127.0.0.1"]),
    "  MASTER_PORT=$((20000 + SLURM_JOB_ID % 12000))",
    "  export MASTER_ADDR MASTER_PORT",
  ];
  // A session of mpirun must not take the batch step's share of memory for a limit of its own daemons.
  return variables.join("\n");
}

function commandLine(launch: Launch): string {
  const { ask, folder, command } = launch;
  const rank = words(rankCommand(folder, command, ask));
  // One task per node or per rank, all at once, and all of them end when one fails. SLURM_JOB_ID parts two jobs' ports.
  const srun = (tasks: number, more = "") => `srun --ntasks=${ask.nodes * tasks} --ntasks-per-node=${tasks} --nodes=${ask.nodes} --cpu-bind=none --mpi=none --kill-on-bad-exit=1 --wait=30${more}`;
  if (ask.launcher === "mpi") return `mpirun -n ${ask.nodes * ask.processes} ${rank}`;
  if (ask.launcher === "torchrun") {
    const single = ask.nodes === 1;
    const meet = single ? ["--standalone"] : [`--nnodes=${ask.minNodes < ask.nodes ? `${ask.minNodes}:` : ""}${ask.nodes}`, "--rdzv_backend=c10d", `--rdzv_id=${launch.attemptId}`];
    const [shell, flag, script, name, ...rest] = torchrunWords(ask, meet) as [string, string, string, string, ...string[]];
    const start = `${words([shell, flag, script, name])} ${single ? "" : '"--rdzv_endpoint=$MASTER_ADDR:$MASTER_PORT" '}${words(rest)} ${rank}`;
    return single ? start : `${srun(1)} ${start}`;
  }
  return ask.nodes === 1 ? words(launch.command) : `${srun(1)} ${rank}`;
}
