"use client";
import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRobot } from "@tabler/icons-react";
import { useMutation, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import type { ServiceAccountView } from "../../../domain/access/people-view.ts";
import { ROLES } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { ToneBadge } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";
import { whenWanted } from "../../ui/when-wanted.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { NewServiceAccountButton } from "./new-service-account.tsx";
import { TokensFrame } from "./tokens-frame.tsx";
import { useRefetchAccounts } from "./use-refetch-accounts.ts";

const AccountTokenDialog = whenWanted((props: { account: ServiceAccountView; opened: boolean; onClose: () => void }) => props.opened, () => import("./account-token-dialog.tsx").then((module) => module.AccountTokenDialog));

const COLUMNS: Column<ServiceAccountView>[] = [
  { key: "name", title: "Name", render: (row) => <strong style={{ fontWeight: 500 }}>{row.name}</strong> },
  { key: "state", title: "State", width: 100, hideBelow: "sm", render: (row) => (row.disabledAt ? <ToneBadge tone="neutral" icon="dash">Disabled</ToneBadge> : <ToneBadge tone="good" icon="check">Enabled</ToneBadge>) },
  { key: "project", title: "Project", width: 180, hideBelow: "xs", render: (row) => row.project.name },
  { key: "role", title: "Role", width: 140, hideBelow: "md", render: (row) => row.roles.map((role) => ROLES[role].label).join(", ") },
  { key: "tokens", title: "Live tokens", width: 100, align: "right", hideBelow: "sm", render: (row) => (row.disabledAt ? "—" : row.liveTokens) },
  { key: "by", title: "Created by", width: 150, hideBelow: "lg", render: (row) => row.createdBy },
  { key: "at", title: "Created", width: 110, align: "right", hideBelow: "md", render: (row) => <Ago at={row.createdAt} /> },
  { key: "act", title: "", align: "right", width: 160, render: (row) => (row.disabledAt ? null : <span style={{ display: "inline-flex", gap: 4 }}><NewTokenButton account={row} /><Disable account={row} /></span>) },
];

/** Accounts for pipelines and machines, each in one project. */
export function ServiceAccountsPage() {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.access.serviceAccounts.infiniteQueryOptions({ limit: 50 }, BY_CURSOR));
  const rows: ServiceAccountView[] = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <TokensFrame count={total} actions={<NewServiceAccountButton />}>
      <DataTable
        label="Service accounts"
        noun="service account"
        rows={rows}
        rowKey={(row) => row.id}
        columns={COLUMNS}
        total={total}
        more={moreOf(query)}
        empty={<EmptyState title="No service accounts" icon={<IconRobot size={22} stroke={1.5} />}>A service account lets a pipeline submit runs without being anybody. It lives in one project, and its tokens stay when people leave.</EmptyState>}
      />
    </TokensFrame>
  );
}

function NewTokenButton({ account }: { account: ServiceAccountView }) {
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-xs" onClick={dialog.open} aria-label={`New token for ${account.name}`}>New token</Button>
      <AccountTokenDialog account={account} opened={opened} onClose={dialog.close} />
    </>
  );
}

function Disable({ account }: { account: ServiceAccountView }) {
  const trpc = useTRPC();
  const refetch = useRefetchAccounts();
  const disable = useMutation(trpc.access.disableServiceAccount.mutationOptions({
    onSuccess: () => refetch().then(() => notifyDone(`${account.name} was disabled.`)),
    onError: notifyError(`${account.name} was not disabled`),
  }));
  const ask = () =>
    confirmAct({
      title: `Disable ${account.name}?`,
      effect: `Its ${account.liveTokens === 1 ? "token stops" : `${account.liveTokens} tokens stop`} working with the next request. Its runs go on. This cannot be undone; a new account can take its place.`,
      verb: "Disable",
      onConfirm: () => disable.mutate({ id: account.id }),
    });
  return <Button variant="subtle" color="gray" size="compact-xs" onClick={ask} loading={disable.isPending} aria-label={`Disable ${account.name}`}>Disable</Button>;
}
