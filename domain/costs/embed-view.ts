import type { DisplayRate } from "./display-currency.ts";
import type { NarrowedTo, SpendView } from "./cost-view.ts";
import type { RangeName } from "./days.ts";
import type { EmbedCapability } from "./embed.ts";
import type { EmbedTheme } from "./embed-theme.ts";
import type { SpendBy } from "./spend-by.ts";

/** What a frame gets for its token. It keeps it in memory only. */
export interface EmbedSessionView {
  session: string;
  expiresInSeconds: number;
  /** Now, in Unix seconds: proofs are dated by this clock. */
  at: number;
  reports: { id: string; title: string }[];
  capabilities: EmbedCapability[];
  accent: string | null;
  /** The token's own; before what the frame's address says. */
  theme: EmbedTheme;
}
export interface EmbeddedReport {
  id: string;
  title: string;
  from: string;
  to: string;
  /** Figures of fewer people are not in it. */
  minGroup: number | null;
  /** By which the frame shows amounts in the currency that its site asked for; null: it asked for none, or there is no rate of it. */
  display: DisplayRate | null;
  spend: SpendView;
}

export interface EmbedReportView {
  id: string;
  title: string;
  by: SpendBy;
  range: RangeName;
  /** What it is narrowed to, in words. */
  narrowed: NarrowedTo[];
  withdrawnAt: Date | null;
  createdBy: string;
  createdAt: Date;
}
export interface EmbedClientView {
  id: string;
  name: string;
  publicKey: string;
  origins: string[];
  reportIds: string[];
  projectIds: string[] | null;
  mustFilter: boolean;
  minGroup: number | null;
  capabilities: EmbedCapability[];
  accent: string | null;
  notBefore: Date | null;
  disabledAt: Date | null;
  lastUsedAt: Date | null;
  createdBy: string;
  createdAt: Date;
}
export interface EmbedsView {
  /** What tokens must name as `aud`. */
  audience: string;
  reports: EmbedReportView[];
  clients: EmbedClientView[];
}
