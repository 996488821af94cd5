import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { z } from "zod";
import { makeFolder, readJson, writeJson } from "../disk.ts";
import { signingText } from "../protocol/messages.ts";
import type { StateFolder } from "../state.ts";

/**
 * identity.json, mode 0600. `join.secret` is what the next join spends; `join.next` is the one it commits to, on disk
 * before it is sent. `agentId` is null until the server has answered the enrolment.
 */
const Stored = z.object({
  v: z.literal(1),
  url: z.url({ protocol: /^https?$/ }),
  code: z.string().nullable(),
  /** SHA-256 of the code that the enrolment spent: the same command again is no mistake. */
  spent: z.string().nullable().default(null),
  agentId: z.string().nullable(),
  clusterId: z.string().nullable(),
  clusterName: z.string().nullable(),
  publicKey: z.string(), // Ed25519 SPKI, base64
  privateKey: z.string(), // PKCS#8, base64
  join: z.object({ secret: z.string(), next: z.string().nullable() }),
  ended: z.enum(["revoked", "cloned"]).nullable(),
});
export type StoredIdentity = z.infer<typeof Stored>;

/** 256 random bits in 43 characters. */
export const newSecret = (): string => randomBytes(32).toString("base64url");
export const sha256Hex = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** The key, the secrets and who this agent is; every change is on disk before it counts. */
export class Identity {
  readonly state: StateFolder;
  private stored: StoredIdentity;
  private readonly key: KeyObject;

  constructor(state: StateFolder, stored: StoredIdentity) {
    this.state = state;
    this.stored = stored;
    this.key = createPrivateKey({ key: Buffer.from(stored.privateKey, "base64"), format: "der", type: "pkcs8" });
  }

  /** Null where nothing was ever enrolled. @throws Error where the file is there but unreadable: it must not be overwritten silently. */
  static async load(state: StateFolder): Promise<Identity | null> {
    const read = await readJson(state.identity, Stored);
    if (read.kind === "missing") return null;
    if (read.kind === "corrupt") throw new Error(`The identity file is unreadable: ${read.message}. Enrol again with another --state folder.`);
    return new Identity(state, read.value);
  }

  /** A new key that no server knows yet. @param code The enrolment code it is for: a repeat with the same code keeps the key. */
  static async create(state: StateFolder, url: string, code: string): Promise<Identity> {
    const pair = generateKeyPairSync("ed25519");
    const stored: StoredIdentity = {
      v: 1,
      url,
      code,
      spent: null,
      agentId: null,
      clusterId: null,
      clusterName: null,
      publicKey: pair.publicKey.export({ format: "der", type: "spki" }).toString("base64"),
      privateKey: pair.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
      join: { secret: newSecret(), next: null },
      ended: null,
    };
    await makeFolder(state.home);
    await writeJson(state.identity, stored);
    return new Identity(state, stored);
  }

  get now(): Readonly<StoredIdentity> {
    return this.stored;
  }

  /** Of the public key, as ssh shows keys; the cluster's page shows the same one. */
  get fingerprint(): string {
    return `SHA256:${createHash("sha256").update(Buffer.from(this.stored.publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;
  }

  /** @throws Error before enrolment. */
  get agentId(): string {
    if (!this.stored.agentId) throw new Error("This agent is not enrolled. Run `enrol` with a code from the cluster's page.");
    return this.stored.agentId;
  }

  /** Replaces fields, durably, before anybody sees them. */
  async change(part: Partial<StoredIdentity>): Promise<void> {
    const next = { ...this.stored, ...part };
    await writeJson(this.state.identity, next);
    this.stored = next;
  }

  /** Base64 signature over `signingText`. */
  sign(parts: Parameters<typeof signingText>[0]): string {
    return sign(null, Buffer.from(signingText(parts)), this.key).toString("base64");
  }
}
