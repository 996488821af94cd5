import { Tooltip } from "@mantine/core";
import { ROLES, type Role, type ScopeType } from "../../../domain/access/roles.ts";

interface Held {
  role: Role;
  scopeType: ScopeType;
  scopeName: string;
}

const WHERE: Record<ScopeType, string> = { org: "organization", team: "team", project: "project" };

/** A role and where it holds; what it allows on hover. The organization is not named: the page is in it. */
export function RoleWord({ role, scopeType, scopeName }: Held) {
  return (
    <Tooltip label={`${ROLES[role].says} On the ${WHERE[scopeType]} ${scopeName} and everything below it.`}>
      <span>
        {ROLES[role].label}
        {scopeType !== "org" && <span className="dim"> · {scopeName}</span>}
      </span>
    </Tooltip>
  );
}

/** The first two roles in a table cell, and how many more. */
export function RoleList({ roles }: { roles: (Held & { id: string })[] }) {
  if (roles.length === 0) return <span className="dim">None that you may see</span>;
  return (
    <span>
      {roles.slice(0, 2).map((role, at) => (
        <span key={role.id}>{at > 0 && ", "}<RoleWord {...role} /></span>
      ))}
      {roles.length > 2 && <span className="dim"> +{roles.length - 2}</span>}
    </span>
  );
}
