import type { Allowed } from "../experiments/run-view.ts";
import type { Permission } from "./permissions.ts";
import type { Role, ScopeType } from "./roles.ts";
import type { TokenKind } from "./token-format.ts";

/** What the access pages show. Times are instants; durations are derived where they are shown. */

export interface BindingView {
  id: string;
  role: Role;
  scopeType: ScopeType;
  scopeId: string;
  scopeName: string;
  grantedBy: string | null;
  at: Date;
  /** May the viewer take it away? */
  removable: Allowed;
}

export interface MemberView {
  id: string;
  name: string;
  email: string;
  isViewer: boolean;
  /** Last time they signed in with a password; null when never since their last sessions ended. */
  lastSignInAt: Date | null;
  bindings: BindingView[];
  /** May the viewer remove them from the organization altogether? */
  removable: Allowed;
}

export interface InvitationView {
  id: string;
  email: string;
  role: Role;
  scopeType: ScopeType;
  scopeName: string;
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
  isExpired: boolean;
}

/** What the holder of an invitation link sees. */
export type OpenInvitation =
  | { valid: false }
  | { valid: true; orgName: string; orgSlug: string; email: string; role: Role; scopeType: ScopeType; scopeName: string; invitedBy: string; existingUser: boolean; expiresAt: Date };

/** A node where the viewer may give roles, and which ones. */
export interface Grantable {
  scopeType: ScopeType;
  scopeId: string;
  name: string;
  roles: Role[];
}

export interface TeamView {
  id: string;
  slug: string;
  name: string;
  archivedAt: Date | null;
  members: number;
  projects: ProjectView[];
}

export interface ProjectView {
  id: string;
  slug: string;
  name: string;
  archivedAt: Date | null;
  members: number;
  serviceAccounts: number;
}

export type TokenState = "live" | "expired" | "revoked" | "disabled";

export interface TokenView {
  id: string;
  name: string;
  kind: TokenKind;
  masked: string;
  owner: { id: string; name: string };
  project: { id: string; slug: string; name: string } | null;
  permissions: Permission[];
  state: TokenState;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
}

export interface ServiceAccountView {
  id: string;
  name: string;
  project: { id: string; slug: string; name: string };
  roles: Role[];
  /** What its tokens may be given, as far as the viewer may give it. */
  grantable: Permission[];
  liveTokens: number;
  createdBy: string;
  createdAt: Date;
  disabledAt: Date | null;
}

export interface AuditView {
  id: string;
  at: Date;
  actor: { type: "user" | "service_account" | "agent" | "system"; id: string; name: string };
  token: { id: string; name: string | null } | null;
  action: string;
  target: { type: string; id: string; name: string | null };
  projectId: string | null;
  before: unknown;
  after: unknown;
  reason: string | null;
  requestId: string | null;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
