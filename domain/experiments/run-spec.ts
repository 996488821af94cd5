import { z } from "zod";
import { Sha256, Slug } from "../shared/ids.ts";
import { Duration, Memory } from "../shared/units.ts";
import { DEFAULT_RETRY_ON, FAILURE_CLASSES } from "./failure.ts";
import { DEFAULT_IDLE_SECONDS, INTERACTIVE_APPS } from "./interactive.ts";

export const LAUNCHERS = ["none", "torchrun", "mpi", "ray"] as const;
export const DRIVERS = ["process", "slurm", "kubernetes", "ray"] as const;
export type DriverKind = (typeof DRIVERS)[number];

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "Use letters, digits and underscores, not starting with a digit.").max(256);
const noNul = (text: string) => !text.includes("\0");
const Text = (max: number) => z.string().max(max).refine(noNul, "Must not contain a NUL byte.");

/** A path or glob inside the run's folder: relative, never climbing out of it. */
export const InnerGlob = Text(512)
  .min(1)
  .refine((glob) => !glob.startsWith("/") && !glob.split(/[\\/]/).includes(".."), "Use a path inside the run's folder, without leading / or ..");

/** Where the code comes from: an uploaded archive (content-addressed tar.gz) or a git repository at a ref. */
export const CodeSource = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("archive"), sha256: Sha256, bytes: z.int().nonnegative() }),
  z.strictObject({
    kind: z.literal("git"),
    url: Text(2048).regex(/^(https:\/\/|ssh:\/\/|git@|file:\/\/)/, "Use an https, ssh or file URL."),
    ref: Text(255).regex(/^[^-]/, "Must not start with a hyphen.").default("HEAD"),
    subdirectory: InnerGlob.optional(),
  }),
]);

export const Resources = z.strictObject({
  /** Cores per node. */
  cpus: z.number().min(0.1).max(4096).default(1),
  /** Per node; `4GiB`, or a number of MiB. */
  memory: Memory.default(1024),
  /** Accelerators per node. */
  gpus: z.int().min(0).max(1024).default(0),
  /** Such as `H100`, matched against the start of any word of the model's name; any model when absent. */
  gpuModel: Text(64).min(1).nullable().default(null),
  nodes: z.int().min(1).max(10_000).default(1),
  /** For torchrun: it also starts on fewer nodes, but not on fewer than these, and takes what is free up to `nodes`. */
  minNodes: z.int().min(1).max(10_000).nullable().default(null),
}).refine(({ minNodes, nodes }) => minNodes === null || minNodes <= nodes, { path: ["minNodes"], message: "Must not be more than nodes." });

/** What a person asks for. Form, YAML, CLI and API share it; parsing a parsed spec again changes nothing. */
export const RunSpec = z.strictObject({
  name: Text(128).trim().min(1),
  project: Slug,
  experiment: Text(256).trim().min(1).default("Default"),
  /** A string runs under `/bin/sh -c`; a list runs as it is. */
  command: z.union([Text(65_536).trim().min(1), z.array(Text(65_536)).min(1).max(1000)]),
  code: CodeSource.nullable().default(null),
  env: z.record(EnvName, Text(65_536)).default({}),
  /** Names of the project's secrets: each becomes a variable of the process, and only of it. */
  secrets: z.array(EnvName).max(100).default([]),
  /** Hyperparameters: shown, compared, and given to the process as DROVER_PARAMS (JSON). */
  params: z.record(Text(250).min(1), z.union([Text(6000), z.number(), z.boolean()])).default({}),
  resources: Resources.prefault({}),
  launcher: z.enum(LAUNCHERS).default("none"),
  /** Processes that the launcher starts on each node; null: one per accelerator, at least one. */
  processesPerNode: z.int().min(1).max(1024).nullable().default(null),
  /** How often torchrun may start all its workers anew within one attempt, after one of them failed. */
  workerRestarts: z.int().min(0).max(100).default(0),
  /** 0 waits longest, 100 goes first. */
  priority: z.int().min(0).max(100).default(50),
  retry: z
    .strictObject({ max: z.int().min(0).max(100).default(0), on: z.array(z.enum(FAILURE_CLASSES)).default(DEFAULT_RETRY_ON) })
    .prefault({}),
  /** May be stopped for other work: it gets its grace period, saves a checkpoint and queues again, and may borrow what others do not use. */
  preemptible: z.boolean().default(false),
  /** When the cluster's agent falls silent past its lease: wait for it, or start again elsewhere. */
  onLostContact: z.enum(["hold", "restart"]).default("hold"),
  maxDuration: Duration.nullable().default(null),
  checkpoint: z
    .strictObject({
      /** DROVER_CHECKPOINT_DIR is kept across attempts. */
      enabled: z.boolean().default(true),
      /** Seconds between the polite signal and the kill, to save one last time. */
      graceSeconds: z.int().min(0).max(3600).default(30),
    })
    .prefault({}),
  /** People work in it: through shells, and an app that listens at 127.0.0.1 on DROVER_PORT. */
  interactive: z
    .strictObject({
      app: z.enum(INTERACTIVE_APPS).default("shell"),
      /** Stopped when nobody has used it for so long. */
      idleTimeout: Duration.default(DEFAULT_IDLE_SECONDS),
    })
    .nullable()
    .default(null),
  /** Globs inside the run's folder, uploaded when the attempt ends. */
  artifacts: z.array(InnerGlob).max(100).default([]),
  /** A cluster's name; null lets placement choose among those the constraints leave. */
  cluster: Slug.nullable().default(null),
  constraints: z.strictObject({ regions: z.array(Text(64).min(1)).default([]), drivers: z.array(z.enum(DRIVERS)).default([]) }).prefault({}),
  tags: z.record(Text(250).min(1), Text(5000)).default({}),
  /** Extra settings that only one kind of scheduler knows; refused by name where it does not. */
  overrides: z.partialRecord(z.enum(DRIVERS), z.record(z.string(), z.unknown())).default({}),
});

export type RunSpec = z.output<typeof RunSpec>;
export type RunSpecInput = z.input<typeof RunSpec>;

/** Largest code archive that is taken, in bytes (compressed). */
export const MAX_CODE_BYTES = 512 * 1024 * 1024;
