"use client";
import { Button, Modal, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TokenView } from "../../../domain/access/people-view.ts";
import { grantableToOwn } from "../../../domain/access/token-rights.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useViewer } from "../../providers/viewer.tsx";
import { DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { tokenColumns } from "./token-columns.tsx";
import { NewTokenShown, TokenForm } from "./token-form.tsx";
import { TokensFrame } from "./tokens-frame.tsx";

const COLUMNS = tokenColumns(false);
const EVERYWHERE = "everywhere";

/** The viewer's own tokens. */
export function MyTokensPage() {
  const trpc = useTRPC();
  const [opened, dialog] = useDisclosure(false);
  const query = useSuspenseInfiniteQuery(trpc.access.myTokens.infiniteQueryOptions({ limit: 50 }, BY_CURSOR));
  const rows: TokenView[] = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <TokensFrame count={total} actions={<Button onClick={dialog.open}>New token</Button>}>
      <DataTable
        label="My tokens"
        noun="token"
        rows={rows}
        rowKey={(row) => row.id}
        columns={COLUMNS}
        total={total}
        more={moreOf(query)}
        empty={<EmptyState title="You have no tokens" icon={<IconKey size={22} stroke={1.5} />}>A token lets the CLI or a script act as you, for as long and for as much as you choose. Create one with “New token”.</EmptyState>}
      />
      <Modal opened={opened} onClose={dialog.close} closeOnClickOutside={false} title="New token" size={480}>
        <NewMyToken onClose={dialog.close} />
      </Modal>
    </TokensFrame>
  );
}

function NewMyToken({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const viewer = useViewer();
  const [projectId, setProjectId] = useState<string | null>(null);
  const create = useMutation(trpc.access.createMyToken.mutationOptions({ onSuccess: () => queries.invalidateQueries(trpc.access.myTokens.pathFilter()) }));
  if (create.data) return <NewTokenShown {...create.data} onClose={onClose} />;
  const place = (
    <Select
      label="Works in"
      data={[{ value: EVERYWHERE, label: "Everywhere I may" }, { group: "One project", items: viewer.projects.map((project) => ({ value: project.id, label: project.name })) }]}
      value={projectId ?? EVERYWHERE}
      onChange={(value) => setProjectId(value === EVERYWHERE ? null : value)}
      allowDeselect={false}
      searchable={viewer.projects.length > 8}
    />
  );
  return <TokenForm offered={grantableToOwn(viewer, projectId)} place={place} error={create.error} busy={create.isPending} onSubmit={(values) => create.mutate({ ...values, projectId })} />;
}
