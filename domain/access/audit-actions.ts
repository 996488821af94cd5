/** Every action that leaves an audit entry. `object.verb`. */
export const AUDIT_ACTIONS = [
  "org.create", "org.update", "org.retention",
  "team.create", "team.update", "team.archive", "team.restore",
  "project.create", "project.update", "project.move", "project.archive", "project.restore",
  "member.invite", "member.accept", "member.revoke-invitation", "member.grant", "member.revoke",
  "service-account.create", "service-account.disable",
  "token.create", "token.revoke",
  "secret.create", "secret.replace", "secret.delete", "secret.use",
  "cluster.create", "cluster.update", "cluster.enrol-code", "cluster.revoke-agent", "cluster.drain", "cluster.undrain", "cluster.agent-joined", "cluster.agent-locked",
  "node.drain", "node.undrain", "node.set-aside",
  "experiment.create", "experiment.update", "experiment.delete", "experiment.restore",
  "run.create", "run.delete", "run.restore", "run.submit", "run.cancel", "run.retry", "run.declare-lost", "run.shell", "run.app", "run.tag", "run.archive", "run.unarchive",
  "run.hold", "run.release", "run.prioritize", "run.move",
  "queue.policy", "queue.quota", "queue.remove-quota", "queue.weight",
  "price.add", "price.currency", "price.rate", "budget.create", "budget.change", "budget.archive", "budget.restore", "period.request-close", "period.withdraw-close", "period.close", "usage-review.resolve", "outside-account.name",
  "schedule.create", "schedule.change", "schedule.delete", "schedule.send", "schedule.unsubscribe",
  "embed.publish", "embed.withdraw", "embed.client-create", "embed.client-change", "embed.client-disable", "embed.client-enable", "embed.client-revoke", "embed.export",
  "view.save", "view.delete", "report.create", "report.update", "report.archive", "report.restore", "report.comment", "report.delete-comment",
  "model.create", "model.update", "model.delete", "model.version-create", "model.version-delete", "model.stage", "model.alias", "model.logged-delete",
  "webhook.create", "webhook.update", "webhook.delete",
  "user.sign-up", "user.sign-in", "user.update", "user.change-password", "denied.permission",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];
