"use client";
import { IconKey } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import type { TokenView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { tokenColumns } from "./token-columns.tsx";
import { TokensFrame } from "./tokens-frame.tsx";

const COLUMNS = tokenColumns(true);

/** Every token that the viewer may revoke: a leaked one is ended here. */
export function AllTokensPage() {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.access.tokens.infiniteQueryOptions({ limit: 50 }, BY_CURSOR));
  const rows: TokenView[] = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <TokensFrame count={total}>
      <DataTable
        label="All tokens"
        noun="token"
        rows={rows}
        rowKey={(row) => row.id}
        columns={COLUMNS}
        total={total}
        more={moreOf(query)}
        empty={<EmptyState title="No tokens yet" icon={<IconKey size={22} stroke={1.5} />}>Tokens of people and service accounts that you manage are listed here, newest first.</EmptyState>}
      />
    </TokensFrame>
  );
}
