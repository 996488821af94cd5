import { Tooltip } from "@mantine/core";
import { PERMISSIONS } from "../../../domain/access/permissions.ts";
import type { TokenState, TokenView } from "../../../domain/access/people-view.ts";
import type { Column } from "../../table/data-table.tsx";
import { ToneBadge } from "../../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../../ui/status-tones.ts";
import { Ago } from "../../ui/time.tsx";
import { RevokeToken } from "./revoke-token.tsx";

const STATES: Record<TokenState, { word: string; tone: Tone; icon: StatusIcon; says: string }> = {
  live: { word: "Live", tone: "good", icon: "check", says: "It works." },
  expired: { word: "Expired", tone: "neutral", icon: "clock", says: "It stopped working at the end of its time." },
  revoked: { word: "Revoked", tone: "neutral", icon: "dash", says: "Somebody revoked it." },
  disabled: { word: "Disabled", tone: "neutral", icon: "dash", says: "Its service account is disabled." },
};

/** @param all Also whose it is: for the list of everybody's. */
export function tokenColumns(all: boolean): Column<TokenView>[] {
  return [
    { key: "name", title: "Name", render: (token) => <strong style={{ fontWeight: 500 }}>{token.name}</strong> },
    { key: "state", title: "State", width: 100, render: ({ state }) => <Tooltip label={STATES[state].says}><span><ToneBadge tone={STATES[state].tone} icon={STATES[state].icon}>{STATES[state].word}</ToneBadge></span></Tooltip> },
    { key: "token", title: "Token", width: 230, hideBelow: "lg", render: (token) => <span className="mono dim" style={{ fontSize: 12 }}>{token.masked}</span> },
    ...(all ? [{ key: "owner", title: "Owner", width: 200, hideBelow: "sm" as const, render: (token: TokenView) => <>{token.owner.name}{token.kind === "sat" && <span className="dim"> · service account</span>}</> }] : []),
    { key: "where", title: "Where", width: 190, hideBelow: "md", render: (token) => token.project?.name ?? "Everywhere its owner may" },
    { key: "may", title: "May", width: 130, hideBelow: "md", render: (token) => <May token={token} /> },
    { key: "used", title: "Last used", width: 110, align: "right", hideBelow: "sm", render: (token) => (token.lastUsedAt ? <Ago at={token.lastUsedAt} /> : <span className="dim">Never</span>) },
    { key: "expires", title: "Expires", width: 110, align: "right", hideBelow: "xs", render: (token) => <Ago at={token.expiresAt} /> },
    { key: "act", title: "", align: "right", width: 80, render: (token) => <RevokeToken token={token} mine={!all} /> },
  ];
}

function May({ token }: { token: TokenView }) {
  return (
    <Tooltip label={<ul style={{ margin: 0, paddingLeft: 16 }}>{token.permissions.map((name) => <li key={name}>{PERMISSIONS[name].says}</li>)}</ul>}>
      <span tabIndex={0}>{token.permissions.length === 1 ? PERMISSIONS[token.permissions[0]!].says : `${token.permissions.length} permissions`}</span>
    </Tooltip>
  );
}
