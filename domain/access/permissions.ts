/**
 * Every permission, once: what it allows, and the scope it is checked at.
 * `org` permissions need a binding on the organization; `project` ones may come from the organization, team or project.
 */
export const PERMISSIONS = {
  "org:read": { scope: "org", says: "See the organization" },
  "org:manage": { scope: "org", says: "Change organization settings" },
  "org:delete": { scope: "org", says: "Delete the organization" },
  "members:read": { scope: "org", says: "See people and roles" },
  "members:manage": { scope: "project", says: "Invite people and change roles" },
  "teams:manage": { scope: "org", says: "Create and change teams" },
  "projects:read": { scope: "project", says: "See projects" },
  "projects:manage": { scope: "project", says: "Create and change projects" },
  "tokens:manage": { scope: "project", says: "Create and revoke service accounts and API tokens" },
  "secrets:manage": { scope: "project", says: "Set and delete a project's secrets, which nobody reads back" },
  "audit:read": { scope: "project", says: "Read the audit log" },
  "clusters:read": { scope: "project", says: "See clusters, nodes and accelerators" },
  "clusters:manage": { scope: "org", says: "Connect, rename and revoke clusters" },
  "clusters:drain": { scope: "org", says: "Drain and undrain nodes" },
  "runs:read": { scope: "project", says: "See runs, logs, metrics and artifacts" },
  "runs:submit": { scope: "project", says: "Submit runs" },
  "runs:log": { scope: "project", says: "Log to runs and experiments with an MLflow client" },
  "runs:cancel": { scope: "project", says: "Cancel and retry own runs" },
  "runs:cancel-any": { scope: "project", says: "Cancel and retry anybody's runs" },
  "runs:interact": { scope: "project", says: "Open shells and apps in own running runs" },
  "runs:interact-any": { scope: "project", says: "Open shells and apps in anybody's running runs" },
  "models:read": { scope: "project", says: "See registered models, their versions and files" },
  "models:write": { scope: "project", says: "Register models and versions, describe and tag them" },
  "models:promote": { scope: "project", says: "Set aliases and stages, delete versions, manage webhooks" },
  "runs:declare-lost": { scope: "project", says: "Give up an unreachable attempt" },
  "queue:order": { scope: "project", says: "Hold, release, reorder and move anybody's queued runs" },
  "queue:manage": { scope: "org", says: "Set quotas, shares and policies of the queue" },
  "costs:read": { scope: "project", says: "See what runs cost" },
  "costs:manage": { scope: "org", says: "Set prices and budgets, and close months" },
  "embeds:manage": { scope: "org", says: "Publish cost reports and say which sites may show them" },
  "runs:annotate": { scope: "project", says: "Tag and archive runs" },
  "reports:read": { scope: "project", says: "Read reports" },
  "reports:write": { scope: "project", says: "Write reports and comments, and share views" },
} as const satisfies Record<string, { scope: "org" | "project"; says: string }>;

export type Permission = keyof typeof PERMISSIONS;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]];
