import { z } from "zod";
import { ClusterId, EmbedClientId, EmbedReportId, ProjectId, Slug, TeamId } from "../shared/ids.ts";
import { RANGE_NAMES } from "./days.ts";
import { IDLE } from "./spend-filter.ts";
import { EMBED_BY, EMBED_CAPABILITIES, isKeyAddress } from "./embed.ts";
import { EmbedTheme } from "./embed-theme.ts";

const PEM = /^-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----$/;
const Name = z.string().trim().min(1, "Give it a name.").max(64);

const Key = z.string().min(1).max(200);
/** A project by its id: its slug may become another one's. */
const Filter = z.strictObject({ project: ProjectId, team: TeamId.or(z.literal(IDLE)), cluster: ClusterId, kind: Key, class: Key }).partial().refine((filter) => Object.keys(filter).length > 0, "Leave it out where nothing is narrowed.");
export const PublishReport = z.strictObject({ title: Name, by: z.enum(EMBED_BY), range: z.enum(RANGE_NAMES), filter: Filter.optional() });
export type PublishReport = z.output<typeof PublishReport>;
export const OneEmbedReport = z.strictObject({ id: EmbedReportId });

/** Exact: a scheme, a host, a port. http only for this very machine. */
const Origin = z.string().trim().max(255).superRefine((text, ctx) => {
  const cure = "Write it as the browser does, such as https://shop.example: no path, no wildcard; http only for localhost.";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return ctx.addIssue({ code: "custom", message: cure });
  }
  const isLocal = url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const isPlain = isLocal || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(url.hostname);
  if (url.origin !== text || !isPlain || (url.protocol !== "https:" && !isLocal)) ctx.addIssue({ code: "custom", message: cure });
});
/** An Ed25519 public key as PEM, or the address of the site's JWKS. */
const PublicKey = z.string().trim().max(1000).refine((text) => PEM.test(text) || (isKeyAddress(text) && URL.canParse(text) && new URL(text).username === ""), "Paste the public key as PEM: it begins with -----BEGIN PUBLIC KEY-----. Or give the https address of a JWKS.");
/** A colour for what is active; text keeps the console's own colours, which are checked for contrast. */
const Accent = z.string().regex(/^#[0-9a-f]{6}$/, "Write it as #rrggbb.");

const client = {
  name: Name,
  publicKey: PublicKey,
  origins: z.array(Origin).min(1, "Name the site that shows it.").max(20),
  reportIds: z.array(EmbedReportId).min(1, "Choose at least one report.").max(100),
  projectIds: z.array(ProjectId).min(1, "Choose at least one project.").max(500).nullable(),
  mustFilter: z.boolean(),
  /** How many people must be behind every figure; null: one is enough. */
  minGroup: z.int().min(2, "A group begins with two people.").max(1000).nullable(),
  capabilities: z.array(z.enum(EMBED_CAPABILITIES)).max(10),
  accent: Accent.nullable(),
};
export const CreateEmbedClient = z.strictObject(client);
export type CreateEmbedClient = z.output<typeof CreateEmbedClient>;
export const ChangeEmbedClient = z.strictObject({ id: EmbedClientId, ...client });
export type ChangeEmbedClient = z.output<typeof ChangeEmbedClient>;
export const OneEmbedClient = z.strictObject({ id: EmbedClientId });
export const SwitchEmbedClient = z.strictObject({ id: EmbedClientId, disabled: z.boolean() });

/** The claims that Drover reads, each as narrow as it can be; strict: a misspelt filter is refused, not ignored. */
export const EmbedClaims = z.strictObject({
  iss: EmbedClientId,
  aud: z.string(),
  /** Who looks, in the host's own words: opaque to us. */
  sub: z.string().min(1).max(128),
  jti: z.string().min(8).max(128),
  iat: z.int(),
  nbf: z.int().optional(),
  exp: z.int(),
  rep: z.array(EmbedReportId).min(1).max(20),
  flt: z.strictObject({ project: z.array(Slug).max(100).optional() }).optional(),
  cap: z.array(z.enum(EMBED_CAPABILITIES)).max(10).optional(),
  /** How the frame looks: before what the page around says. */
  thm: EmbedTheme.optional(),
  /** The origin of the page around the frame. */
  ori: z.string().max(255),
});
export type EmbedClaims = z.output<typeof EmbedClaims>;

/** What a frame signs for each request, in the manner of DPoP: with path and query as `htu`, and what it proves the possession of as `ath`. */
export const EmbedProofClaims = z.strictObject({ htm: z.string(), htu: z.string().max(1000), ath: z.string(), jti: z.string().min(16).max(64), iat: z.number() });

export const ExchangeToken = z.strictObject({ client: EmbedClientId, token: z.string().min(1).max(8192), origin: z.string().max(255) });
export type EmbedExchange = z.output<typeof ExchangeToken>;
