import { z } from "zod";

/** The only reader of process.env outside agent/, cli/ and scripts/. Parsed once, on first use, so that a build needs no environment. */
const Env = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "Expected postgres://user:password@host:port/database" }),
  /** Signs sessions; `./drover up` makes one and keeps it under .drover/. */
  DROVER_SECRET: z.string().min(32),
  /** Where people and agents reach the server; sets cookies' security and the links in invitations. */
  DROVER_URL: z.url().default("http://localhost:7070"),
  DROVER_HOST: z.string().default("127.0.0.1"),
  DROVER_PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /** Where other servers of this installation reach this one, if there are several. By default only this machine can. */
  DROVER_PEER_URL: z.url().optional(),
  /** Below which name apps of interactive runs are shown: https://apps.example.com for https://run-….apps.example.com. `./drover up` needs none: names below localhost are this machine. */
  DROVER_APPS_URL: z.preprocess((text) => (text === "" ? undefined : text), z.url({ protocol: /^https?$/, error: "Expected https://apps.example.com" }).optional()),
  /** The object store: a folder, or s3://BUCKET/PREFIX?endpoint=… (server/experiments/objects/target.ts). */
  DROVER_OBJECTS: z.string().min(1).default(".drover/objects"),
  /** Hosts inside one's own network that webhooks may call, by name or address. */
  DROVER_WEBHOOK_HOSTS: z.string().default("").transform((text) => text.split(",").map((host) => host.trim()).filter(Boolean)),
  /** Where mail is handed in: smtp://USER:PASSWORD@HOST:587 (TLS by STARTTLS) or smtps://…:465. Without it nothing is mailed. */
  DROVER_SMTP: z.preprocess((text) => (text === "" ? undefined : text), z.url({ protocol: /^smtps?$/, error: "Expected smtp://user:password@host:587 or smtps://user:password@host:465" }).optional()),
  /** Whom mail is from. */
  DROVER_MAIL_FROM: z.string().default("Drover <drover@localhost>"),
  /** Silence after which an attempt is shown as unreachable. */
  DROVER_LEASE_SECONDS: z.coerce.number().int().min(2).max(3600).default(90),
  /** How often at most the checkpoint of a run that may move to another cluster is copied to the object store while it runs. */
  DROVER_CHECKPOINT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(600),
  /** Addresses and networks of the proxies in front, by commas: their X-Forwarded-For is believed (server/client-address.ts). */
  DROVER_TRUSTED_PROXIES: z.string().default(""),
  /** `off`: machine paths only (API, agents, live events), without the pages: for servers that only take ingest. */
  DROVER_CONSOLE: z.enum(["on", "off"]).default("on"),
  /** Tests only: where this process kills itself (server/failpoint.ts). */
  DROVER_FAILPOINT: z.string().optional(),
  /** Of this release; a bundle carries its own. */
  DROVER_VERSION: z.string().default("development"),
  DROVER_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
});

export type Env = z.infer<typeof Env>;

let parsed: Env | undefined;

/** @throws Error that names every bad key at once. */
export function env(): Env {
  if (parsed) return parsed;
  const result = Env.safeParse({ ...process.env, DROVER_VERSION: process.env.DROVER_VERSION }); // by name: the bundler writes it in
  if (!result.success) throw new Error(`Bad environment:\n${z.prettifyError(result.error)}`);
  parsed = Object.freeze(result.data);
  return parsed;
}
