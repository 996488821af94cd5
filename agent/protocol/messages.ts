import { z } from "zod";
import { Fence, Id, MOST_FILES, Sha256, StoredFile, Time } from "./fields.ts";
import { EXIT_CAUSES } from "./causes.ts";
import { JobSpec } from "./job.ts";
import { tunnelPath, TunnelServer } from "./tunnel.ts";
import { NodeWord, SchedulerReport, SchedulerWord } from "./scheduler.ts";

export { Fence } from "./fields.ts";
export * from "./causes.ts";
export * from "./outside.ts";
export * from "./parts.ts";
export * from "./tunnel.ts";
export * from "./usage.ts";
export * from "./witness.ts";

/**
 * The wire between agent and server, defined once. JSON over HTTPS; the agent always dials.
 *
 * History of PROTOCOL_VERSION. The server speaks this and the one before.
 * 1 (2026-11): enrol, join, sync, logs, metrics, telemetry, objects, artifacts.
 * 2 (2026-11): telemetry has a batch number, so that a message that comes again is stored once.
 *   A job's spec says where its process logs to, and with which token. A scheduler's own words: of an attempt, of a node, of the cluster with the jobs that others gave it; ends
 *   `preempted` by it and the rank that failed first; processes per node, restarts, the owner and nodes to leave out in a job.
 *   Usage, a stream of its own: who held what from when to when. Checkpoints to and from the object store, where the job's spec asks for it.
 *   Large objects in parts.
 *   Tunnels, for people in running attempts: whether a cluster has them, which servers want one.
 *   What a scheduler's own accounting says of ended attempts, beside their usage; and of jobs from outside Drover.
 *   How long a job may take that names no time, by partition. Ends for want of `capacity`, to servers that say they take them (causes.ts).
 *   Of a node whether it is reserved and on which switches it hangs, of a reservation its nodes by name.
 */
export const PROTOCOL_VERSION = 2;
export const OLDEST_VERSION = 1;

/** Paths under the server's origin. `object` takes a SHA-256. */
export const AGENT_PATHS = {
  enrol: "/api/agent/enrol",
  join: "/api/agent/join",
  sync: "/api/agent/sync",
  logs: "/api/agent/logs",
  metrics: "/api/agent/metrics",
  telemetry: "/api/agent/telemetry",
  usage: "/api/agent/usage",
  witness: "/api/agent/witness",
  outside: "/api/agent/outside",
  artifacts: "/api/agent/artifacts",
  checkpoint: "/api/agent/checkpoint",
  restore: "/api/agent/restore",
  tunnel: tunnelPath,
  object: (sha256: string) => `/api/agent/objects/${sha256}`,
  parts: (sha256: string) => `/api/agent/objects/${sha256}/parts`,
} as const;

/** Headers of a signed request. The signature covers `signingText`. */
export const SIGNED_HEADERS = {
  agent: "x-drover-agent",
  session: "x-drover-session", // absent on join
  /** Milliseconds of the *server's* clock, as the agent reckons it from earlier answers: an agent's clock may be wrong. */
  time: "x-drover-time",
  nonce: "x-drover-nonce",
  signature: "x-drover-signature",
} as const;

/** What Ed25519 signs: every part on a line of its own. `bodySha256` is lower-case hex of the raw body. */
export function signingText(parts: { method: string; path: string; agent: string; session: string; time: string; nonce: string; bodySha256: string }): string {
  return ["drover-agent-v1", parts.method, parts.path, parts.agent, parts.session, parts.time, parts.nonce, parts.bodySha256].join("\n");
}

/** Limits that both sides keep. Bytes unless said otherwise. */
export const LIMITS = {
  jsonBody: 8 * 1024 * 1024,
  logBody: 4 * 1024 * 1024,
  logChunk: 256 * 1024,
  metricPoints: 10_000,
  metricKey: 250,
  artifactBytes: 10 * 1024 * 1024 * 1024,
  artifactCount: MOST_FILES,
  /** A third of the usual lease: one poll that is lost without a word still leaves time for the next. Some proxies cut after 60. */
  longPollSeconds: 30,
  clockSkewMs: 60_000,
} as const;

/** What servers took as `waitSeconds` before they said it: agents start with it. */
export const EARLIER_WAIT_SECONDS = 25;

/** float64, faithful: JSON has no NaN or infinities, so those three travel as strings. */
export const WireNumber = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

// ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────
/**
 * Every refusal has a code the agent acts on.
 * stale_signature: sign again with `serverTime`. no_session: join again. revoked, cloned: stop talking, say so, keep jobs.
 */
export const REFUSALS = ["bad_request", "bad_signature", "stale_signature", "replayed", "no_session", "revoked", "cloned", "version", "stale_fence", "offset", "too_large", "not_found", "unavailable", "code_used"] as const;
export const Refusal = z.object({ error: z.enum(REFUSALS), message: z.string(), field: z.string().optional(), serverTime: Time });
export type Refusal = z.infer<typeof Refusal>;

// ── enrolment ────────────────────────────────────────────────────────────────────────────────────────────
export const HostFacts = z.strictObject({ hostname: z.string().max(255), os: z.string().max(255), arch: z.string().max(64), agentVersion: z.string().max(64), node: z.string().max(64) });
/** Unsigned: the single-use code is the proof. A repeat with the same key gives the same answer. */
export const Enrol = z.strictObject({
  version: z.int(),
  code: z.string().min(16).max(256),
  publicKey: z.string().min(40).max(200), // Ed25519 SPKI, base64
  joinHash: Sha256, // hash of the first join secret
  host: HostFacts,
});
export const Enrolled = z.object({ agentId: Id, clusterId: Id, clusterName: z.string(), serverTime: Time });

// ── join ─────────────────────────────────────────────────────────────────────────────────────────────────
export const Capabilities = z.strictObject({
  driver: z.enum(["process", "slurm", "kubernetes", "ray"]),
  maxNodes: z.int().positive(),
  launchers: z.array(z.string().max(32)),
  git: z.boolean(),
  checkpoint: z.boolean(),
  overrides: z.array(z.string().max(64)),
  memoryLimit: z.enum(["cgroup", "watch", "none"]),
  /** People may be let into running attempts. */
  interactive: z.boolean().optional(),
});
/**
 * Starts a session; signed with the agent's key, `session` empty. Detects clones: each join spends `joinSecret` and
 * commits to the next one by its hash, which the agent wrote to disk first, so a repeat after a crash is the same join
 * and a copy of the disk is not.
 */
export const Join = z.strictObject({
  version: z.int(),
  joinSecret: z.string().min(32).max(128),
  nextJoinHash: Sha256,
  host: HostFacts,
  capabilities: Capabilities,
  policy: z.string().max(4000), // the local policy in words, for the cluster page
});
export const Joined = z.object({ session: Id, leaseSeconds: z.int().positive(), serverTime: Time });

// ── sync ─────────────────────────────────────────────────────────────────────────────────────────────────
export const AcceleratorReport = z.strictObject({
  index: z.int().nonnegative(),
  uuid: z.string().max(128),
  model: z.string().max(128),
  memoryMib: z.int().nonnegative(),
  health: z.enum(["ok", "degraded", "failed"]),
  healthReason: z.string().max(500).nullable(),
  attemptId: Id.nullable(),
  /** A slice or share of the GPU with that uuid, so many thousandths of it. */
  part: z.strictObject({ of: z.string().max(128), milli: z.int().min(1).max(1000) }).optional(),
  /** Its scheduler gives it whole or in so many shares, not both at once. */
  shares: z.int().min(2).max(1000).optional(),
});
export const NodeReport = z.strictObject({
  name: z.string().min(1).max(255),
  cpus: z.number().positive(), // cores that runs may use
  memoryMib: z.int().positive(),
  diskMib: z.int().nonnegative(),
  state: z.enum(["up", "draining", "down"]),
  stateReason: z.string().max(500).nullable(),
  accelerators: z.array(AcceleratorReport).max(1024),
  /** As its scheduler has it. */
  scheduler: NodeWord.optional(),
});
export type NodeReport = z.infer<typeof NodeReport>;

export { ForeignJob, SchedulerReport } from "./scheduler.ts";

/** What the host saw of one attempt; the server alone decides what it means. `seq` grows with every change. */
export const AttemptReport = z.strictObject({
  attemptId: Id,
  fence: Fence,
  seq: z.int().positive(),
  state: z.enum(["accepted", "running", "exited", "refused"]),
  nodes: z.array(z.string().max(255)).max(10_000),
  accelerators: z.array(z.int().nonnegative()).max(1024), // indexes held on the node (process driver)
  startedAt: Time.nullable(),
  exit: z
    .strictObject({
      at: Time,
      code: z.int().nullable(), // null: unknown or killed by a signal
      signal: z.string().max(16).nullable(),
      cause: z.enum(EXIT_CAUSES),
      /** Of several processes, the one that failed first; `lastLines` are its own. */
      rank: z.int().nonnegative().nullable().optional(),
      detail: z.string().max(4000),
      lastLines: z.array(z.string().max(2000)).max(50),
      peakMemoryMib: z.int().nonnegative().nullable(),
    })
    .nullable(),
  /** Everything of an exited attempt is up: logs, metrics, artifacts. The server may archive; the agent may forget after the ack. */
  drained: z.boolean(),
  logBytesDropped: z.int().nonnegative().optional(), // of older agents; the gaps of the log itself are exact
  /** The scheduler's own job, with its state and reason in the scheduler's words; `startsAt`: its guess for one that waits. */
  scheduler: SchedulerWord.nullable().optional(),
});
export type AttemptReport = z.infer<typeof AttemptReport>;

/** Agent → server. Returns at once when something differs from `desiredHash`, else after `waitSeconds`. */
export const Sync = z.strictObject({
  version: z.int(),
  desiredHash: z.string().max(64), // of the last desired set seen; "" after a (re)start: asks for the whole picture
  known: z.array(Id).max(100_000), // attempts whose spec is journaled here: their specs are not sent again
  reports: z.array(AttemptReport).max(10_000), // all not yet acknowledged
  nodes: z.array(NodeReport).max(10_000).nullable(), // null: unchanged since the last acknowledged sync
  scheduler: SchedulerReport.nullable().optional(), // null: unchanged
  waitSeconds: z.int().min(0).max(LIMITS.longPollSeconds),
});
export type Sync = z.infer<typeof Sync>;

export { JobSpec } from "./job.ts";

/** One attempt that the server wants to be so. Absent from the list means: nothing is wanted, stop it if it lives. */
export const Desired = z.object({
  attemptId: Id,
  fence: Fence,
  action: z.enum(["run", "stop"]),
  reason: z.string().nullable(), // of a stop: cancelled, preempted, …
  spec: JobSpec.nullable(), // null when `known` named it
});
export type Desired = z.infer<typeof Desired>;

export const SyncReply = z.object({
  serverTime: Time,
  desiredHash: z.string(),
  desired: z.array(Desired).nullable(), // null: same as `desiredHash`
  drainedNodes: z.array(z.string()).nullable(), // nodes to take no new work on
  acked: z.array(z.object({ attemptId: Id, seq: z.int() })),
  /** Fence refused: stop that process, report no more of it. */
  stale: z.array(Id),
  leaseSeconds: z.int().positive(),
  /** Servers that want a tunnel (tunnel.ts), by id; null: same as `desiredHash`. */
  tunnels: z.array(TunnelServer).nullable().optional(),
  /** Of the causes in LATER_CAUSES, those that this server knows. */
  takes: z.array(z.string()).optional(),
  /** The most that this server takes as `waitSeconds`. Absent: EARLIER_WAIT_SECONDS. */
  longestWait: z.int().positive().optional(),
});
export type SyncReply = z.infer<typeof SyncReply>;

// ── streams ──────────────────────────────────────────────────────────────────────────────────────────────
export const STREAMS = ["stdout", "stderr"] as const;
/**
 * Log body: 4-byte big-endian length of the header, the header as JSON, then the chunks' bytes one after another.
 * Content type `application/x-drover-logs`. Chunks of one attempt come in reading order, cut at line ends where they can be.
 */
export const LogHeader = z.strictObject({
  chunks: z
    .array(z.strictObject({
      attemptId: Id,
      fence: Fence,
      stream: z.enum(STREAMS),
      offset: z.int().nonnegative(), // bytes of that stream before this chunk
      length: z.int().positive().max(LIMITS.logChunk),
      at: Time, // when the agent read it
      /** Bytes lost right before `offset` to the spool's cap; the server may then accept a jump of just that size. */
      droppedBefore: z.int().nonnegative(),
    }))
    .min(1)
    .max(4096),
});
/** Per (attempt, stream): the next offset the server wants. Send from there. */
export const StreamOffsets = z.object({
  serverTime: Time,
  offsets: z.array(z.object({ attemptId: Id, stream: z.enum(STREAMS), next: z.int().nonnegative() })),
  stale: z.array(Id),
});
export type StreamOffsets = z.infer<typeof StreamOffsets>;

/**
 * Metric points parsed from `drover: {…}` lines. A batch covers stdout bytes [from, to): the server takes it only when `from`
 * is what it has, so a repeat or a reparse after a crash can neither lose nor double a point.
 */
export const MetricBatches = z.strictObject({
  batches: z
    .array(z.strictObject({
      attemptId: Id,
      fence: Fence,
      from: z.int().nonnegative(),
      to: z.int().nonnegative(),
      series: z
        .array(z.strictObject({
          key: z.string().min(1).max(LIMITS.metricKey),
          steps: z.array(z.int()),
          times: z.array(Time),
          values: z.array(WireNumber),
        }))
        .max(10_000),
    }))
    .min(1)
    .max(1000),
});
export const MetricOffsets = z.object({ serverTime: Time, offsets: z.array(z.object({ attemptId: Id, next: z.int().nonnegative() })), stale: z.array(Id) });

export { CheckpointManifest, Restore, Restored } from "./checkpoint.ts";
export { Telemetry } from "./telemetry.ts";
export const Ok = z.object({ ok: z.literal(true), serverTime: Time });

/** After the bytes are in the object store (PUT object, checked against its SHA-256), the manifest of one attempt. */
export const ArtifactManifest = z.strictObject({
  attemptId: Id,
  fence: Fence,
  files: z.array(StoredFile).max(LIMITS.artifactCount),
});
