"use client";
import { Anchor } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { lazy } from "react";
import type { OutsideAccount } from "../../domain/costs/cost-view.ts";
import { OUTSIDE, payerOf } from "../../domain/costs/outside.ts";
import type { SpendWhere } from "../../domain/costs/spend-filter.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg, useViewer } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Ago } from "../ui/time.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { narrowedUrl } from "./costs-params.ts";
import classes from "./costs.module.css";

const NameAccountForm = lazy(() => import("./name-account.tsx").then((module) => ({ default: module.NameAccountForm })));
const accountName = (account: string): string => account || "No account";
const whoIs = ({ account, user }: OutsideAccount): string => (user === null ? accountName(account) : `${user} of ${account || "no account"}`);

/** Under which accounts, and as whom, others give jobs to the clusters' schedulers, and which projects pay for them. */
export function OutsidePage() {
  const rows = useSuspenseQuery(useTRPC().costs.outsideAccounts.queryOptions()).data;
  const may = useCan("costs:manage");
  const org = useOrg();
  const { projects } = useViewer();
  const whereOf = ({ account, user, projectId }: OutsideAccount): SpendWhere => {
    if (user !== null) return { person: `${OUTSIDE}:${user}` };
    const payer = projects.find(({ id }) => id === projectId);
    return payer ? { project: payer.slug, source: OUTSIDE } : { team: payerOf(account) };
  };
  const columns: Column<OutsideAccount>[] = [
    { key: "who", title: "Account, user", grow: true, render: (row) => (row.user === null ? <Name value={accountName(row.account)} max={32} /> : <span className={classes.own}><Name value={row.user} max={32} /></span>) },
    { key: "cluster", title: "Cluster", hideBelow: "sm", render: (row) => <Name value={row.cluster} max={24} /> },
    { key: "jobs", title: "Jobs", align: "right", hideBelow: "xs", render: (row) => <>{row.jobs}{row.running > 0 && <span className="dim"> · {row.running} running</span>}</> },
    { key: "pays", title: "Paid for by", width: 220, render: (row) => <PaidBy row={row} rows={rows} /> },
    { key: "by", title: "Said", align: "right", hideBelow: "lg", render: (row) => (row.namedAt ? <>{row.namedBy} · <Ago at={row.namedAt} /></> : <span className="dim">—</span>) },
    { key: "spend", title: "", align: "right", hideBelow: "md", render: (row) => <Anchor component={Link} aria-label={`Its costs: ${whoIs(row)}`} href={narrowedUrl(org, {}, whereOf(row), row.user === null ? "person" : "team")}>Its costs</Anchor> },
    { key: "act", title: "", align: "right", width: 110, render: (row) => <DialogButton size="compact-xs" variant="default" label="Say who pays" aria-label={`Say who pays for ${whoIs(row)}`} title={`Who pays for ${whoIs(row)}`} allowed={may} form={(close) => <NameAccountForm row={row} onDone={close} />} /> },
  ];
  return (
    <CostsFrame>
      <p className={classes.stand}><span>Jobs that others give to a cluster&rsquo;s Slurm are charged to their account, unless a project is named for it, or for one of its users: that one then pays for jobs that are first seen from now on, and they fall to its and its team&rsquo;s budgets. What was counted stays with whom it was charged to.</span></p>
      <DataTable label="Accounts from outside" noun="account" rows={rows} rowKey={(row) => `${row.clusterId} ${row.account} ${row.user ?? ""}`} columns={columns} flat keys={false} empty={<EmptyState title="No jobs from outside were seen">Where a cluster&rsquo;s Slurm keeps accounting, its agent tells of jobs that are not Drover&rsquo;s. They show here for who sees the whole organization.</EmptyState>} />
    </CostsFrame>
  );
}

/** Of a user for whom nothing is said, what is said of the account. */
function PaidBy({ row, rows }: { row: OutsideAccount; rows: readonly OutsideAccount[] }) {
  if (row.project !== null) return <span title={`Team ${row.team ?? ""}`}><span className="dim">{row.team} / </span>{row.project}</span>;
  if (row.user === null) return <span className="dim">nobody of Drover</span>;
  const account = rows.find((one) => one.clusterId === row.clusterId && one.account === row.account && one.user === null);
  return <span className="dim">as its account{account?.project && `: ${account.project}`}</span>;
}
