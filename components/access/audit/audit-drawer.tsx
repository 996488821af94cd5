"use client";
import { Button, Drawer, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { auditWords, changesBetween } from "../../../domain/access/audit-words.ts";
import type { AuditView } from "../../../domain/access/people-view.ts";
import { isId } from "../../../domain/shared/id-format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { Id } from "../../ui/id.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import classes from "../access.module.css";
import { auditParams } from "./audit-params.ts";
import { ActorName, TargetLink } from "./audit-target.tsx";


/** One entry: who, through what, and what was before and after. */
export function AuditDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const known = id && isId("audit", id) ? id : null;
  return (
    <Drawer opened={known !== null} onClose={onClose} position="right" size={560} title="Audit entry">
      {known && <Body id={known} />}
    </Drawer>
  );
}

function Body({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: entry, error, refetch } = useQuery(trpc.access.auditEntry.queryOptions({ id }, { staleTime: Infinity })); // entries never change
  if (error) return <ErrorBox what="This entry could not be loaded" error={error} retry={() => void refetch()} />;
  if (!entry) return <Skeleton height={320} />;
  return (
    <div className={classes.drawer}>
      <div className={classes.drawerName}>{auditWords(entry.action)}</div>
      <dl className={classes.facts}>
        <dt>Who</dt><dd><ActorName entry={entry} /></dd>
        <dt>To what</dt><dd><TargetLink entry={entry} /></dd>
        <dt>When</dt><dd><Ago at={entry.at} /> <span className="dim">(<Moment at={entry.at} to="second" />)</span></dd>
        <dt>Action</dt><dd className="mono">{entry.action}</dd>
        {entry.reason && <><dt>Reason</dt><dd>{entry.reason}</dd></>}
        {entry.token && <><dt>Token</dt><dd>{entry.token.name} <Id value={entry.token.id} /></dd></>}
        {entry.target.type !== "procedure" && <><dt>Target id</dt><dd><Id value={entry.target.id} /></dd></>}
        {entry.requestId && <><dt>Request</dt><dd><Id value={entry.requestId} max={24} label="Copy request id" /></dd></>}
        <dt>Entry</dt><dd><Id value={entry.id} /></dd>
      </dl>
      <Diff entry={entry} />
      <Narrow entry={entry} />
    </div>
  );
}

function Diff({ entry }: { entry: AuditView }) {
  const changes = changesBetween(entry.before, entry.after);
  if (changes.length === 0) return null;
  return (
    <table className={classes.diff} aria-label="What changed">
      <thead><tr><th scope="col" style={{ width: "30%" }}>What</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.path}>
            <td>{change.path}</td>
            <td>{change.before === null ? <span className="dim">—</span> : <span className={classes.gone}>{change.before}</span>}</td>
            <td>{change.after === null ? <span className="dim">—</span> : <span className={classes.came}>{change.after}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Narrow({ entry }: { entry: AuditView }) {
  const [, setParams] = useQueryStates(auditParams);
  return (
    <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
      <Button variant="default" onClick={() => void setParams({ entry: null, target: entry.target.id, actor: null, action: null })}>All about this {entry.target.type.replaceAll("_", " ")}</Button>
      <Button variant="default" onClick={() => void setParams({ entry: null, actor: entry.actor.id, target: null, action: null })}>All by {entry.actor.name}</Button>
    </div>
  );
}
