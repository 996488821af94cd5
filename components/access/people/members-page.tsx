"use client";
import { Button } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useDeferredValue } from "react";
import type { MemberView } from "../../../domain/access/people-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../../ui/filters.tsx";
import { Ago } from "../../ui/time.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { InviteButton } from "./invite-dialog.tsx";
import { whenWanted } from "../../ui/when-wanted.tsx";
import { PeopleFrame } from "./people-frame.tsx";
import { peopleInput, peopleParams } from "./people-params.ts";
import { RoleList } from "./role-list.tsx";

const MemberDrawer = whenWanted((props: { id: string | null; onClose: () => void }) => props.id !== null, () => import("./member-drawer.tsx").then((module) => module.MemberDrawer));

export const MEMBER_COLUMNS: Column<MemberView>[] = [
  { key: "name", title: "Name", width: 200, render: (member) => <>{member.name}{member.isViewer && <span className="dim"> (you)</span>}</> },
  { key: "email", title: "E-mail", width: 240, hideBelow: "md", render: (member) => member.email },
  { key: "roles", title: "Roles", render: (member) => <RoleList roles={member.bindings} /> },
  { key: "seen", title: "Last sign-in", width: 120, align: "right", hideBelow: "sm", render: (member) => <Ago at={member.lastSignInAt} /> },
];

/** Everybody in the organization; a row opens what they hold, and where it can be changed. */
export function MembersPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [{ q, member }, setParams] = useQueryStates(peopleParams);
  const asked = useDeferredValue(q);
  const query = useSuspenseInfiniteQuery(trpc.access.people.infiniteQueryOptions(peopleInput(asked), BY_CURSOR));
  const rows: MemberView[] = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <PeopleFrame count={asked ? undefined : total} actions={<InviteButton />}>
      <FilterBar><FilterText value={q} onChange={(text) => void setParams({ q: text || null })} placeholder="Name or e-mail" /></FilterBar>
      <DataTable
        label="Members"
        noun="member"
        rows={rows}
        rowKey={(row) => row.id}
        columns={MEMBER_COLUMNS}
        href={(row) => paths.member(org, row.id)}
        onPeek={(row) => void setParams({ member: row.id })}
        total={total}
        more={moreOf(query)}
        empty={
          <EmptyState title={`Nobody here is called “${asked}”`} action={<Button variant="default" onClick={() => void setParams({ q: null })}>Clear the filter</Button>} icon={<IconUserPlus size={22} stroke={1.5} />}>
            Members appear by name and e-mail. Somebody who is missing can be invited.
          </EmptyState>
        }
      />
      <MemberDrawer id={member} onClose={() => void setParams({ member: null })} />
    </PeopleFrame>
  );
}
