"use client";
import { Button } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useDeferredValue } from "react";
import { auditWords } from "../../../domain/access/audit-words.ts";
import type { AuditView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { whenWanted } from "../../ui/when-wanted.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { auditInput, auditParams, isAuditNarrowed } from "./audit-params.ts";
import { ActorName, TargetLink } from "./audit-target.tsx";
import classes from "../access.module.css";

const AuditDrawer = whenWanted((props: { id: string | null; onClose: () => void }) => props.id !== null, () => import("./audit-drawer.tsx").then((module) => module.AuditDrawer));

/** Who did what to what, and when. Filters are in the URL; a row opens what changed. */
export function AuditPage() {
  const trpc = useTRPC();
  const [{ entry, ...params }, setParams] = useQueryStates(auditParams);
  const asked = useDeferredValue(params);
  const query = useSuspenseInfiniteQuery(trpc.access.auditLog.infiniteQueryOptions(auditInput(asked), BY_CURSOR));
  const rows: AuditView[] = query.data.pages.flatMap((page) => page.items);
  const clear = () => void setParams({ actor: null, action: null, target: null, from: null, to: null });
  const open = (id: string) => void setParams({ entry: id });
  const columns: Column<AuditView>[] = [
    { key: "who", title: "Who", width: "clamp(96px, 14vw, 190px)", render: (row) => <div className={classes.who}><ActorName entry={row} /></div> },
    { key: "action", title: "Did", width: "clamp(130px, 16vw, 220px)", link: true, render: (row) => <Did entry={row} onOpen={() => open(row.id)} /> },
    { key: "target", title: "To what", hideBelow: "sm", render: (row) => <TargetLink entry={row} /> },
    { key: "when", title: "When", align: "right", width: "clamp(70px, 8vw, 110px)", render: (row) => <Ago at={row.at} /> },
  ];
  return (
    <>
      <PageHeader title="Audit" breadcrumbs={[]} />
      <AuditFilters />
      <DataTable
        label="Audit log"
        noun={["entry", "entries"]}
        rows={rows}
        rowKey={(row) => row.id}
        columns={columns}
        onPeek={(row) => open(row.id)}
        more={moreOf(query)}
        empty={
          <EmptyState
            title={isAuditNarrowed(asked) ? "Nothing matches these filters" : "Nothing has happened yet"}
            icon={<IconHistory size={22} stroke={1.5} />}
            action={isAuditNarrowed(asked) && <Button variant="default" onClick={clear}>Clear filters</Button>}
          >
            Every change, and every attempt that was refused, leaves an entry here that nobody can edit.
          </EmptyState>
        }
      />
      <AuditDrawer id={entry} onClose={() => void setParams({ entry: null })} />
    </>
  );
}

function Did({ entry, onOpen }: { entry: AuditView; onOpen: () => void }) {
  const refused = entry.action.startsWith("denied.");
  return (
    <button type="button" className={classes.asLink} data-row-link onClick={onOpen} title={entry.action}>
      {refused && <ToneIcon icon="cross" tone="bad" size={12} />} {auditWords(entry.action)}
    </button>
  );
}
