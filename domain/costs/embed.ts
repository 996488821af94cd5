import type { SpendBy } from "./spend-by.ts";

/** What an embedded report may tell apart: nobody's person or experiment leaves the house. */
export const EMBED_BY = ["project", "team", "cluster", "kind", "class"] as const satisfies readonly SpendBy[];
/** What a published report is narrowed to, by the same: keys of groups, as a spend has them. */
export type EmbedFilter = { [By in (typeof EMBED_BY)[number]]?: string | undefined };
/** Is a view one that other sites may be shown? */
export const isPublishable = (by: SpendBy): by is (typeof EMBED_BY)[number] => EMBED_BY.some((one) => one === by);
/** Beyond looking. `csv`: the figures as a file. */
export const EMBED_CAPABILITIES = ["csv"] as const;
export type EmbedCapability = (typeof EMBED_CAPABILITIES)[number];

/** A token is good for at most this long; hosts should sign for less. */
export const MAX_TOKEN_SECONDS = 15 * 60;
export const CLOCK_SECONDS = 60;
/** What a token is exchanged for. */
export const SESSION_SECONDS = 5 * 60;

/** The most that tokens of a client can reach. */
export interface EmbedCeiling {
  /** Null: every project, and what nobody held. */
  projectIds: readonly string[] | null;
  /** Every token must say which projects. */
  mustFilter: boolean;
  reportIds: readonly string[];
  capabilities: readonly EmbedCapability[];
  origins: readonly string[];
}
/** What a token asks for. */
export interface EmbedAsk {
  reports: readonly string[];
  /** Slugs; undefined: no filter, an empty list: nothing. */
  projects: readonly string[] | undefined;
  capabilities: readonly EmbedCapability[];
  origin: string;
}
/** What both allow. `projectIds` null: everything. */
export interface EmbedScope {
  reportIds: string[];
  projectIds: string[] | null;
  capabilities: EmbedCapability[];
}

/**
 * The narrower of what the client may and what the token asks; a token never widens. Null where it must be refused: from
 * an origin that is not the client's, for no report that is, or without a filter that it must have.
 * @param idOf The project that a slug names, undefined where there is none.
 */
export function scopeWithin(ceiling: EmbedCeiling, ask: EmbedAsk, idOf: (slug: string) => string | undefined): EmbedScope | null {
  if (!ceiling.origins.includes(ask.origin)) return null;
  if (ceiling.mustFilter && ask.projects === undefined) return null;
  const reportIds = ask.reports.filter((id) => ceiling.reportIds.includes(id));
  if (reportIds.length === 0 || reportIds.length < ask.reports.length) return null;
  const asked = ask.projects?.map(idOf).filter((id) => id !== undefined);
  const projectIds = asked === undefined ? (ceiling.projectIds === null ? null : [...ceiling.projectIds]) : asked.filter((id) => ceiling.projectIds === null || ceiling.projectIds.includes(id));
  return { reportIds, projectIds, capabilities: ask.capabilities.filter((one) => ceiling.capabilities.includes(one)) };
}

/** Is what a site gave as its key the address of a JWKS? http only for this very machine. */
export const isKeyAddress = (text: string): boolean => /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(text);
