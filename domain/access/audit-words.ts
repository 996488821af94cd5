import type { AuditAction } from "./audit-actions.ts";

/** What happened, in the past tense, for the audit page. Unknown actions of newer servers are shown as they are. */
const SAYS: Record<AuditAction, string> = {
  "org.create": "Created the organization",
  "org.update": "Changed the organization",
  "org.retention": "Changed how long files and logs are kept",
  "team.create": "Created a team",
  "team.update": "Changed a team",
  "team.archive": "Archived a team",
  "team.restore": "Restored a team",
  "project.create": "Created a project",
  "project.update": "Changed a project",
  "project.move": "Moved a project to another team",
  "project.archive": "Archived a project",
  "project.restore": "Restored a project",
  "member.invite": "Invited somebody",
  "member.accept": "Accepted an invitation",
  "member.revoke-invitation": "Withdrew an invitation",
  "member.grant": "Gave a role",
  "member.revoke": "Took a role away",
  "service-account.create": "Created a service account",
  "service-account.disable": "Disabled a service account",
  "token.create": "Created a token",
  "token.revoke": "Revoked a token",
  "secret.create": "Set a secret",
  "secret.replace": "Replaced a secret",
  "secret.delete": "Deleted a secret",
  "secret.use": "Handed a secret to an attempt",
  "price.add": "Added a price",
  "price.currency": "Set the currency of prices",
  "price.rate": "Added an exchange rate",
  "budget.create": "Created a budget",
  "budget.change": "Changed a budget",
  "budget.archive": "Archived a budget",
  "budget.restore": "Restored a budget",
  "period.request-close": "Asked for the close of a month",
  "period.withdraw-close": "Withdrew the close of a month",
  "period.close": "Closed a month",
  "outside-account.name": "Said who pays for an account's jobs from outside",
  "usage-review.resolve": "Resolved a review of usage",
  "schedule.create": "Scheduled a cost report",
  "schedule.change": "Changed a scheduled cost report",
  "schedule.delete": "Ended a scheduled cost report",
  "schedule.send": "Sent a scheduled cost report at once",
  "schedule.unsubscribe": "Unsubscribed from a scheduled cost report",
  "embed.publish": "Published a report for embedding",
  "embed.withdraw": "Withdrew an embedded report",
  "embed.client-create": "Added an embed client",
  "embed.client-change": "Changed an embed client",
  "embed.client-disable": "Disabled an embed client",
  "embed.client-enable": "Enabled an embed client",
  "embed.client-revoke": "Revoked an embed client's sessions and tokens",
  "embed.export": "Downloaded an embedded report",
  "cluster.create": "Created a cluster",
  "cluster.update": "Changed a cluster",
  "cluster.enrol-code": "Made an enrolment code",
  "cluster.revoke-agent": "Revoked an agent",
  "cluster.drain": "Drained a cluster",
  "cluster.undrain": "Undrained a cluster",
  "cluster.agent-joined": "Joined as a cluster's agent",
  "cluster.agent-locked": "Locked a copied agent",
  "node.drain": "Drained a node",
  "node.undrain": "Undrained a node",
  "node.set-aside": "Set a finding about a node aside",
  "experiment.create": "Created an experiment",
  "experiment.update": "Changed an experiment",
  "experiment.delete": "Deleted an experiment",
  "experiment.restore": "Restored an experiment",
  "run.create": "Began to log a run",
  "run.delete": "Deleted a run",
  "run.restore": "Restored a run",
  "run.submit": "Submitted a run",
  "run.cancel": "Cancelled a run",
  "run.retry": "Retried a run",
  "run.declare-lost": "Gave up a run's attempt",
  "run.shell": "Opened a shell in a run",
  "run.app": "Opened a run's app",
  "run.tag": "Changed the tags of a run",
  "run.archive": "Archived a run",
  "run.unarchive": "Took a run out of the archive",
  "run.hold": "Held a run",
  "run.release": "Released a run",
  "run.prioritize": "Changed a run's priority",
  "run.move": "Moved a queued run",
  "queue.policy": "Changed the queue's policies",
  "queue.quota": "Set a quota",
  "queue.remove-quota": "Removed a quota",
  "queue.weight": "Changed a team's share",
  "view.save": "Saved a view",
  "view.delete": "Deleted a view",
  "report.create": "Wrote a report",
  "report.update": "Changed a report",
  "report.archive": "Archived a report",
  "report.restore": "Restored a report",
  "report.comment": "Commented on a report",
  "report.delete-comment": "Deleted a comment",
  "model.create": "Registered a model",
  "model.update": "Changed a model",
  "model.delete": "Deleted a model",
  "model.version-create": "Registered a model version",
  "model.version-delete": "Deleted a model version",
  "model.stage": "Moved a model version to a stage",
  "model.alias": "Moved a model's alias",
  "model.logged-delete": "Deleted a logged model",
  "webhook.create": "Created a webhook",
  "webhook.update": "Changed a webhook",
  "webhook.delete": "Deleted a webhook",
  "user.sign-up": "Created an account",
  "user.sign-in": "Signed in",
  "user.update": "Changed their profile",
  "user.change-password": "Changed their password",
  "denied.permission": "Was refused",
};

export const auditWords = (action: string): string => SAYS[action as AuditAction] ?? action;

/** One difference between what was and what is: a dotted path into the two values. */
export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

/** Leaves that differ, by path; a missing side is null. Arrays are compared whole. */
export function changesBetween(before: unknown, after: unknown): Change[] {
  const left = leaves(before);
  const right = leaves(after);
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((path) => {
    const was = left.get(path) ?? null;
    const is = right.get(path) ?? null;
    return was === is ? [] : [{ path, before: was, after: is }];
  });
}

function leaves(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) return found;
  if (typeof value !== "object" || Array.isArray(value)) return found.set(path || "value", typeof value === "string" ? value : JSON.stringify(value));
  for (const [key, inner] of Object.entries(value)) leaves(inner, path ? `${path}.${key}` : key, found);
  return found;
}
