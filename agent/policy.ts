import { userInfo } from "node:os";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { makeFolder, readJson, writeDurably } from "./disk.ts";
import { SharedGpus } from "./inventory/shared.ts";
import type { JobSpec, NodeReport } from "./protocol/messages.ts";
import type { StateFolder } from "./state.ts";

const exec = promisify(execFile);
const Pattern = z.string().max(1000).refine((text) => isPattern(text), "Not a regular expression.");
const Most = z.int().nonnegative().nullable();

/**
 * policy.json: what this machine's owner allows. The server reads it in words and cannot change it. An empty list allows
 * nothing. Patterns are JavaScript regular expressions that must match the whole text.
 */
export const Policy = z.strictObject({
  version: z.literal(1),
  /** The command line, its words joined by spaces. */
  commands: z.array(Pattern).max(100),
  code: z.strictObject({ none: z.boolean(), archive: z.boolean(), git: z.array(Pattern).max(100) }),
  /** Variables a run may not set. */
  envDenied: z.array(Pattern).max(100),
  /** Variables of the agent's own environment that jobs inherit besides the usual ones. */
  envPassed: z.array(z.string().max(200)).max(100),
  /** Account that jobs run as; only an agent that runs as root can switch. Null: the agent's own. */
  runAs: z.string().max(64).nullable(),
  /** Held by all attempts at once. Null: no limit. */
  maxAccelerators: Most,
  maxCpus: z.number().nonnegative().nullable(),
  maxMemoryMib: Most,
  maxAttempts: Most,
  /** Absolute folders below which a run may ask for a mount. */
  mounts: z.array(z.string().max(1000)).max(100),
  /** GPUs that several runs have at once; of several rules the first that names a GPU counts. Left out: none. */
  shared: z.array(SharedGpus).max(64).optional(),
  /** People may open shells and apps in running attempts, through the control plane. Left out: they may. */
  interactive: z.boolean().optional(),
  /** What runs may ask of Slurm, and who they are there. Left out: any partition, account, QOS and reservation, as the agent's own account or `runAs`. */
  slurm: z
    .strictObject({
      partitions: z.array(Pattern).max(100).default([".*"]),
      accounts: z.array(Pattern).max(100).default([".*"]),
      qos: z.array(Pattern).max(100).default([".*"]),
      reservations: z.array(Pattern).max(100).default([".*"]),
      /**
       * Owner of the run (e-mail address, or `service:<project>/<name>` of a service account) → account of the host; `*` for everybody else. With
       * this list a run whose owner is not on it is refused. Only an agent that runs as root can switch.
       */
      users: z.record(z.string().max(320), z.string().max(64)).nullable().default(null),
      /** Attempts that are alike and start together may be one job array. Left out: they may. */
      arrays: z.boolean().optional(),
    })
    .optional(),
});
export type Policy = z.infer<typeof Policy>;

export const DEFAULT_POLICY: Policy = {
  version: 1,
  commands: [".*"],
  code: { none: true, archive: true, git: [".*"] },
  envDenied: [],
  envPassed: [],
  runAs: null,
  maxAccelerators: null,
  maxCpus: null,
  maxMemoryMib: null,
  maxAttempts: null,
  mounts: [],
};

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

const matches = (patterns: readonly string[], text: string): boolean => patterns.some((pattern) => new RegExp(`^(?:${pattern})$`, "s").test(text));

/** Written once, at enrolment; never overwritten. */
export async function writeDefaultPolicy(state: StateFolder): Promise<void> {
  const read = await readJson(state.policy, Policy);
  if (read.kind !== "missing") return;
  await makeFolder(state.home);
  await writeDurably(state.policy, `${JSON.stringify(DEFAULT_POLICY, null, 2)}\n`, 0o644);
}

/** @throws Error that names the bad field: an agent without a readable policy must not start anything. */
export async function loadPolicy(state: StateFolder): Promise<Policy> {
  const read = await readJson(state.policy, Policy);
  if (read.kind === "corrupt") throw new Error(`The policy is unreadable: ${read.message}`);
  return read.kind === "ok" ? read.value : DEFAULT_POLICY;
}

/** What living attempts hold already. */
export interface Held {
  attempts: number;
  accelerators: number;
  cpus: number;
  memoryMib: number;
}

/**
 * The rule that forbids this job, in a sentence; null where the policy allows it.
 * @param secrets Names of the secrets that the process gets: they are variables as well.
 */
export function refusalOf(policy: Policy, spec: JobSpec, held: Held, secrets: readonly string[] = []): string | null {
  return refusedLimit(policy, spec, held) ?? refusedContent(policy, spec, secrets);
}

function refusedLimit(policy: Policy, spec: JobSpec, held: Held): string | null {
  const over = (rule: string, most: number | null, wanted: number, has: number, unit: string) =>
    most !== null && has + wanted > most ? `policy.json, ${rule}: at most ${most} ${unit} at once; ${has} held, ${wanted} asked for.` : null;
  return (
    over("maxAttempts", policy.maxAttempts, 1, held.attempts, "attempts") ??
    over("maxAccelerators", policy.maxAccelerators, spec.gpus, held.accelerators, "accelerators") ??
    over("maxCpus", policy.maxCpus, spec.cpus, held.cpus, "CPU cores") ??
    over("maxMemoryMib", policy.maxMemoryMib, spec.memoryMib, held.memoryMib, "MiB of memory")
  );
}

function refusedContent(policy: Policy, spec: JobSpec, secrets: readonly string[]): string | null {
  const command = typeof spec.command === "string" ? spec.command : spec.command.join(" ");
  if (!matches(policy.commands, command)) return `policy.json, commands: "${command.slice(0, 200)}" matches no allowed pattern.`;
  const denied = [...Object.keys(spec.env), ...secrets].find((name) => matches(policy.envDenied, name));
  if (denied !== undefined) return `policy.json, envDenied: a run may not set ${denied}.`;
  if (spec.code === null && !policy.code.none) return "policy.json, code.none: a run must bring its code.";
  if (spec.code?.kind === "archive" && !policy.code.archive) return "policy.json, code.archive: uploaded code is not allowed.";
  if (spec.code?.kind === "git" && !matches(policy.code.git, spec.code.url)) return `policy.json, code.git: ${spec.code.url} matches no allowed pattern.`;
  if (spec.interactive && policy.interactive === false) return "policy.json, interactive: nobody is let into runs of this cluster.";
  return refusedMount(policy, spec.overrides.mounts) ?? refusedSlurm(policy, spec);
}

function refusedSlurm({ slurm }: Policy, spec: JobSpec): string | null {
  if (!slurm) return null;
  for (const [rule, key] of [["partitions", "partition"], ["accounts", "account"], ["qos", "qos"], ["reservations", "reservation"]] as const) {
    const asked = spec.overrides[key];
    const text = typeof asked === "string" ? asked : "";
    if (asked !== undefined && !matches(slurm[rule], text)) return `policy.json, slurm.${rule}: overrides.slurm.${key} "${text}" matches no allowed pattern.`;
    // Left out, Slurm would fill in its own default, which the list may not allow.
    if (asked === undefined && (rule === "partitions" || rule === "accounts") && !slurm[rule].includes(".*")) return `policy.json, slurm.${rule}: name one with overrides.slurm.${key}; allowed: ${slurm[rule].join("  ") || "none"}.`;
  }
  const owner = spec.owner ?? "";
  if (slurm.users && !Object.hasOwn(slurm.users, owner) && !Object.hasOwn(slurm.users, "*")) return `policy.json, slurm.users: ${owner || "the owner of the run"} is mapped to no account of this cluster.`;
  return null;
}

function refusedMount(policy: Policy, asked: unknown): string | null {
  if (asked === undefined) return null;
  const wanted = Array.isArray(asked) ? asked : [asked];
  for (const mount of wanted) {
    const source = path.resolve("/", typeof mount === "string" ? mount : String((mount as { source?: unknown } | null)?.source ?? ""));
    if (!policy.mounts.some((root) => source === path.resolve(root) || source.startsWith(`${path.resolve(root)}${path.sep}`))) return `policy.json, mounts: ${source} is below no allowed folder.`;
  }
  return null;
}

/** For the cluster's page: what is restricted, in sentences. */
export function policyInWords(policy: Policy): string {
  const all = (patterns: readonly string[]) => patterns.includes(".*");
  const list = (patterns: readonly string[]) => (patterns.length === 0 ? "none" : patterns.join("  "));
  const sources = [policy.code.none ? "no code" : null, policy.code.archive ? "uploaded archives" : null, policy.code.git.length > 0 ? (all(policy.code.git) ? "any git repository" : `git: ${list(policy.code.git)}`) : null];
  const lines = [
    `Commands: ${all(policy.commands) ? "any" : list(policy.commands)}.`,
    `Code: ${sources.filter(Boolean).join(", ") || "none"}.`,
    policy.envDenied.length > 0 ? `Variables a run may not set: ${list(policy.envDenied)}.` : null,
    `Jobs run as ${policy.runAs ?? userInfo().username}.`,
    limitWords(policy),
    policy.mounts.length > 0 ? `Mounts below: ${policy.mounts.join(", ")}.` : "No mounts.",
    ...(policy.shared ?? []).map(({ gpu, shares, by }) => `Shared ${by === "mps" ? "by MPS" : "in turns"}: ${typeof gpu === "number" ? `GPU ${gpu}` : gpu === "*" ? "every GPU" : gpu}, in ${shares}.`),
    policy.interactive === false ? "Nobody is let into running attempts: no shells, no apps." : null,
    ...slurmWords(policy, list),
  ];
  return lines.filter(Boolean).join("\n").slice(0, 4000);
}

function slurmWords({ slurm }: Policy, list: (patterns: readonly string[]) => string): string[] {
  if (!slurm) return [];
  const rules = (["partitions", "accounts", "qos", "reservations"] as const).filter((rule) => !slurm[rule].includes(".*"));
  const users = slurm.users === null ? [] : [`Owners and their accounts: ${Object.entries(slurm.users).map(([owner, account]) => `${owner === "*" ? "everybody else" : owner} as ${account}`).join(", ") || "nobody"}.`];
  return [...rules.map((rule) => `Slurm ${rule}: ${list(slurm[rule])}.`), ...users, ...(slurm.arrays !== false ? [] : ["Slurm job arrays: none, each attempt is a job of its own."])];
}

function limitWords(policy: Policy): string {
  const limits = [
    [policy.maxAttempts, "attempts"],
    [policy.maxAccelerators, "accelerators"],
    [policy.maxCpus, "CPU cores"],
    [policy.maxMemoryMib, "MiB of memory"],
  ].flatMap(([most, unit]) => (most === null ? [] : [`${most} ${unit}`]));
  return limits.length > 0 ? `At once, at most: ${limits.join(", ")}.` : "No limits beyond what the machine has.";
}

/** What the server may plan with: the machine, cut to the policy. */
export function withinPolicy(policy: Policy, node: NodeReport): NodeReport {
  return {
    ...node,
    cpus: Math.max(0.001, Math.min(node.cpus, policy.maxCpus ?? node.cpus)),
    memoryMib: Math.max(1, Math.min(node.memoryMib, policy.maxMemoryMib ?? node.memoryMib)),
    accelerators: node.accelerators.slice(0, policy.maxAccelerators ?? node.accelerators.length),
  };
}

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The account of `runAs`. @throws Error where it does not exist or this agent may not switch. */
export async function accountOf(policy: Policy): Promise<Account | null> {
  return policy.runAs ? lookUp("runAs", policy.runAs) : null;
}

/** The accounts of owners, by owner. @throws Error where one does not exist or this agent may not switch. */
export async function accountsOf({ slurm }: Policy): Promise<Map<string, Account>> {
  const found = new Map<string, Account>();
  for (const [owner, name] of Object.entries(slurm?.users ?? {})) found.set(owner, await lookUp(`slurm.users.${owner}`, name));
  return found;
}

async function lookUp(field: string, name: string): Promise<Account> {
  if (process.getuid?.() !== 0) throw new Error(`policy.json, ${field}: only an agent that runs as root can run jobs as ${name}.`);
  const shown = await exec("getent", ["passwd", name]).catch(() => null);
  const [, , uid, gid, , home] = shown?.stdout.trim().split(":") ?? [];
  if (!uid || !gid) throw new Error(`policy.json, ${field}: there is no account ${name}.`);
  return { name, uid: Number(uid), gid: Number(gid), home: home ?? "/" };
}
