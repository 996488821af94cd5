"use client";
import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useDeferredValue, useState } from "react";
import type { ProjectView, TeamView } from "../../../domain/access/people-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../../ui/filters.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone } from "../../ui/notify.ts";
import { Section } from "../../ui/page-header.tsx";
import { NameDialog } from "./name-dialog.tsx";
import { TEAMS_AT_ONCE, teamsInput, teamsParams } from "./people-params.ts";
import { PeopleFrame } from "./people-frame.tsx";
import { ProjectMenu, TeamMenu } from "./tree-menus.tsx";
import { useRefetchTree } from "./use-tree.ts";

const COLUMNS: Column<ProjectView>[] = [
  { key: "name", title: "Project", render: (project) => <Named {...project} /> },
  { key: "slug", title: "Short name", width: 180, hideBelow: "sm", render: (project) => <span className="mono">{project.slug}</span> },
  { key: "members", title: "Roles given here", width: 130, align: "right", hideBelow: "sm", render: (project) => project.members },
  { key: "accounts", title: "Service accounts", width: 130, align: "right", hideBelow: "md", render: (project) => project.serviceAccounts },
  { key: "act", title: "", width: 40, align: "right", render: (project) => <ProjectMenu project={project} /> },
];

function Named({ name, archivedAt }: ProjectView) {
  return archivedAt ? <>{name} <span className="dim">archived</span></> : name;
}

/** The tree under the organization: teams, and the projects in them. */
export function TeamsPage() {
  const trpc = useTRPC();
  const [{ q }, setParams] = useQueryStates(teamsParams);
  const [limit, setLimit] = useState(TEAMS_AT_ONCE);
  const [asked, most] = [useDeferredValue(q), useDeferredValue(limit)];
  const teams = useSuspenseQuery(trpc.access.teams.queryOptions(teamsInput(asked, most))).data;
  const hasMore = teams.length === most;
  return (
    <PeopleFrame actions={<NewTeam />}>
      {(asked !== "" || hasMore) && <FilterBar><FilterText value={q} onChange={(text) => void setParams({ q: text || null })} placeholder="Team or project" /></FilterBar>}
      {teams.length === 0 && <EmptyState title={`No team or project here is called “${asked}”`} action={<Button variant="default" onClick={() => void setParams({ q: null })}>Clear the filter</Button>} />}
      {teams.map((team) => <Team key={team.id} team={team} />)}
      {hasMore && <Button variant="default" loading={most !== limit} onClick={() => setLimit(limit + TEAMS_AT_ONCE)}>Load more</Button>}
    </PeopleFrame>
  );
}

function Team({ team }: { team: TeamView }) {
  const org = useOrg();
  return (
    <Section title={team.archivedAt ? `${team.name} (archived)` : team.name} id={`team-${team.slug}`} count={team.projects.length} actions={<span style={{ display: "flex", alignItems: "center", gap: 4 }}><TeamMenu team={team} />{!team.archivedAt && <NewProject team={team} />}</span>}>
      <DataTable
        label={`Projects of ${team.name}`}
        rows={team.projects}
        rowKey={(project) => project.id}
        columns={COLUMNS}
        href={(project) => `${paths.runs(org)}?project=${project.slug}`}
        keys={false}
        flat
        empty={<EmptyState title={`${team.name} has no project that you may see`}>Runs live in projects. Somebody who manages the team can create one here.</EmptyState>}
      />
    </Section>
  );
}

function NewTeam() {
  const trpc = useTRPC();
  const allowed = useCan("teams:manage");
  const [opened, dialog] = useDisclosure(false);
  const refetch = useRefetchTree();
  const create = useMutation(trpc.access.createTeam.mutationOptions({
    onSuccess: async (_, input) => {
      dialog.close();
      await refetch();
      notifyDone(`Team ${input.name} created.`);
    },
  }));
  return (
    <>
      <Guarded allowed={allowed}><Button onClick={dialog.open}>New team</Button></Guarded>
      <NameDialog opened={opened} onClose={dialog.close} title="New team" verb="Create team" error={create.error} busy={create.isPending} onSubmit={create.mutate} withSlug />
    </>
  );
}

function NewProject({ team }: { team: TeamView }) {
  const trpc = useTRPC();
  const allowed = useCan("projects:manage");
  const [opened, dialog] = useDisclosure(false);
  const refetch = useRefetchTree();
  const create = useMutation(trpc.access.createProject.mutationOptions({
    onSuccess: async (_, input) => {
      dialog.close();
      await refetch();
      notifyDone(`Project ${input.name} created in ${team.name}.`);
    },
  }));
  return (
    <>
      <Guarded allowed={allowed}><Button variant="default" size="compact-sm" onClick={dialog.open}>New project</Button></Guarded>
      <NameDialog opened={opened} onClose={dialog.close} title={`New project in ${team.name}`} verb="Create project" error={create.error} busy={create.isPending} onSubmit={(values) => create.mutate({ teamId: team.id, ...values })} withSlug />
    </>
  );
}
