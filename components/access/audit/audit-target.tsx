"use client";
import Link from "next/link";
import type { AuditView } from "../../../domain/access/people-view.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import classes from "../access.module.css";

const KIND_WORDS: Record<string, string> = { service_account: "service account", agent: "agent", system: "system" };

export function ActorName({ entry }: { entry: AuditView }) {
  const kind = KIND_WORDS[entry.actor.type];
  return (
    <span>
      {entry.actor.name}
      {kind && <span className="dim"> · {kind}</span>}
      {entry.token && entry.actor.type === "user" && <span className="dim"> · token</span>}
    </span>
  );
}

/** Where the thing can be seen now; null for what has no page. */
function hrefOf(org: string, { target }: AuditView): string | null {
  if (target.type === "run") return paths.run(org, target.id);
  if (target.type === "model") return paths.model(org, target.id);
  if (target.type === "cluster") return paths.cluster(org, target.id);
  if (target.type === "user") return paths.member(org, target.id);
  if (target.type === "team" || target.type === "project") return paths.peopleTab(org, "teams");
  if (target.type === "invitation") return paths.peopleTab(org, "invitations");
  if (target.type === "token") return paths.tokensTab(org, "all");
  if (target.type === "service_account") return paths.tokensTab(org, "service-accounts");
  if (target.type === "organization") return paths.settings(org);
  return null;
}

/** The target's name and kind. A refused attempt names what it tried. */
export function TargetLink({ entry }: { entry: AuditView }) {
  const href = hrefOf(useOrg(), entry);
  const text = entry.target.type === "procedure" ? <span className="mono">{entry.target.id}</span> : (entry.target.name ?? entry.target.id);
  return (
    <span>
      {href ? <Link href={href} className={classes.target}>{text}</Link> : text}
      <span className="dim"> · {entry.target.type.replaceAll("_", " ")}</span>
    </span>
  );
}
