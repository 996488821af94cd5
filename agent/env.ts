import os from "node:os";
import path from "node:path";
import { z } from "zod";

/** The agent's only reader of process.env. Sizes in bytes. */
const AgentEnv = z.object({
  DROVER_AGENT_STATE: z.string().min(1).default(path.join(os.homedir(), ".drover-agent")),
  /** The node's name in the console; the host's name unless set. */
  DROVER_AGENT_NODE: z.string().min(1).max(255).default(os.hostname()),
  /** What this agent drives: this machine, or the Slurm cluster that this host is a client of. `run --driver` sets it too. */
  DROVER_AGENT_DRIVER: z.enum(["process", "slurm"]).default("process"),
  /** Slurm's own: where its configuration lies, if not at the usual place. */
  SLURM_CONF: z.string().optional(),
  /** Unsent log bytes kept per attempt; over it the oldest are dropped, counted and named. */
  DROVER_AGENT_SPOOL_BYTES: z.coerce.number().int().min(1024 * 1024).default(1024 ** 3),
  /** Downloaded code archives kept for the next attempt. */
  DROVER_AGENT_CACHE_BYTES: z.coerce.number().int().min(0).default(5 * 1024 ** 3),
  /** Unpacked size above which a code archive is refused. */
  DROVER_AGENT_CODE_BYTES: z.coerce.number().int().min(1).default(20 * 1024 ** 3),
  /** Set by the build. */
  DROVER_VERSION: z.string().default("0.1.0"),
  DROVER_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  /** Tests only: `name` or `name:nth` of the fail-point at which this process kills itself. */
  DROVER_FAILPOINT: z.string().optional(),
});
export type AgentEnv = z.infer<typeof AgentEnv>;

let parsed: AgentEnv | undefined;

/** @throws Error that names every bad key at once. */
export function agentEnv(): AgentEnv {
  if (parsed) return parsed;
  // The build replaces this one expression by the version's text.
  const result = AgentEnv.safeParse({ ...process.env, DROVER_VERSION: process.env.DROVER_VERSION });
  if (!result.success) throw new Error(`Bad environment:\n${z.prettifyError(result.error)}`);
  parsed = Object.freeze(result.data);
  return parsed;
}

/** Where this host's programs are. */
export const hostPath = (): string => process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a job inherits from the host: tools, locale, proxies, GPU libraries. Never the agent's or a server's own secrets. */
const INHERITED = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|TERM|LD_LIBRARY_PATH|LIBRARY_PATH|PYTHONPATH|VIRTUAL_ENV|HF_HOME|TORCH_HOME)$/,
  /^(LC|CUDA|NVIDIA|NCCL|UCX|FI|OMP|MKL|XDG|CONDA|PYENV|SSL_CERT|UV|PIP|GIT_SSL|MODULE|LMOD|ROCM|HIP|OMPI|PMIX|GLOO)_/,
  /^SLURM_CONF$/,
  /^(https?|no|all|ftp)_proxy$/i,
];

/** @param extra Names that the policy passes through besides. */
export function inheritedEnv(extra: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (extra.includes(name) || INHERITED.some((pattern) => pattern.test(name)))) kept[name] = value;
  }
  kept.PATH ??= hostPath();
  return kept;
}
