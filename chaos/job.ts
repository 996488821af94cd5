/** What a chaos run does, and so what must be stored of it afterwards. */
export interface Job {
  name: string;
  kind: "steady" | "burst" | "fails" | "long-line" | "children" | "cancelled" | "stubborn";
  lines: number;
  /** Every how many lines a metric point is written. */
  metricEvery: number;
  exitCode: number;
  /** It comes with a code archive and reads a file of it. */
  code: boolean;
  /** What becomes of it when its agent falls silent. */
  onLostContact: "hold" | "restart";
}

export const CODE_FILE = "lib/words.txt";
export const ARTIFACT = "out/result.txt";

const KINDS = ["steady", "burst", "fails", "long-line", "children", "cancelled", "steady", "burst"] as const;

export function jobOf(index: number, trial: number, restarts: boolean): Job {
  return { ...jobOfKind(KINDS[index % KINDS.length]!, `t${trial}-${index}`), onLostContact: restarts && (index + trial) % 3 === 0 ? "restart" : "hold" }; // each kind has its turn
}

export function jobOfKind(kind: Job["kind"], prefix: string): Job {
  const lines = { steady: 60, burst: 3_000, fails: 40, "long-line": 20, children: 30, cancelled: 2_000, stubborn: 2_000 }[kind];
  return { name: `${prefix}-${kind}`, kind, lines, metricEvery: kind === "burst" ? 50 : 5, exitCode: kind === "fails" ? 3 : 0, code: kind === "steady", onLostContact: "hold" };
}

/** Seconds between lines: bursts do not wait at all. */
const PAUSE: Record<Job["kind"], string> = { steady: "0.03", burst: "0", fails: "0.02", "long-line": "0.02", children: "0.02", cancelled: "0.05", stubborn: "0.05" };
export const LONG_LINE_BYTES = 300_000;

/**
 * A shell program that marks its start (a second start of the same attempt leaves a `double` behind), then writes
 * known lines on stdout and stderr and known metric points.
 */
export function script(job: Job): string {
  const pause = PAUSE[job.kind] === "0" ? "" : `sleep ${PAUSE[job.kind]}`;
  return [
    `mkdir "$CHAOS_DIR/starts/$DROVER_ATTEMPT_ID" 2>/dev/null || touch "$CHAOS_DIR/doubles/$DROVER_ATTEMPT_ID"`,
    job.kind === "stubborn" ? `trap "" TERM` : ":",
    `note() { read -r up rest < /proc/uptime && echo "$up" > "$CHAOS_DIR/lives/$DROVER_ATTEMPT_ID.$1"; }`,
    `note start`,
    job.kind === "children" ? `(sleep 300 & setsid sleep 300 &) ` : ":",
    job.kind === "long-line" ? `head -c ${LONG_LINE_BYTES} /dev/zero | tr '\\0' x; echo` : ":",
    job.code ? `cat "${CODE_FILE}" >/dev/null || exit 9` : ":",
    `i=0`,
    `while [ $i -lt ${job.lines} ]; do`,
    `  echo "out $i"`,
    `  [ $((i % 10)) -eq 0 ] && echo "err $i" >&2`,
    `  [ $((i % ${job.metricEvery})) -eq 0 ] && echo "drover: {\\"v\\": $i.5, \\"step\\": $i}"`,
    pause ? `  ${pause}` : `  :`,
    `  i=$((i + 1))`,
    `done`,
    `mkdir -p out && echo "$DROVER_RUN_ID" > out/result.txt`,
    `note end`,
    `exit ${job.exitCode}`,
  ].join("\n");
}

/** Every byte that stdout and stderr must hold when the job ran to its end. */
export function expectedOutput(job: Job): { stdout: string; stderr: string; steps: number[] } {
  let stdout = job.kind === "long-line" ? `${"x".repeat(LONG_LINE_BYTES)}\n` : "";
  let stderr = "";
  const steps: number[] = [];
  for (let i = 0; i < job.lines; i += 1) {
    stdout += `out ${i}\n`;
    if (i % 10 === 0) stderr += `err ${i}\n`;
    if (i % job.metricEvery !== 0) continue;
    stdout += `drover: {"v": ${i}.5, "step": ${i}}\n`;
    steps.push(i);
  }
  return { stdout, stderr, steps };
}
