"use client";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import type { ProjectView, TeamView } from "../../../domain/access/people-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone } from "../../ui/notify.ts";
import { Section } from "../../ui/page-header.tsx";
import { NameDialog } from "./name-dialog.tsx";
import { PeopleFrame } from "./people-frame.tsx";

const COLUMNS: Column<ProjectView>[] = [
  { key: "name", title: "Project", render: (project) => project.name },
  { key: "slug", title: "Short name", width: 180, hideBelow: "sm", render: (project) => <span className="mono">{project.slug}</span> },
  { key: "members", title: "Roles given here", width: 130, align: "right", hideBelow: "sm", render: (project) => project.members },
  { key: "accounts", title: "Service accounts", width: 130, align: "right", hideBelow: "md", render: (project) => project.serviceAccounts },
  { key: "act", title: "", width: 40, align: "right", render: (project) => <RenameProject project={project} /> },
];

/** The tree under the organization: teams, and the projects in them. */
export function TeamsPage() {
  const trpc = useTRPC();
  const teams = useSuspenseQuery(trpc.access.teams.queryOptions()).data;
  return (
    <PeopleFrame count={teams.length} actions={<NewTeam />}>
      {teams.map((team) => <Team key={team.id} team={team} />)}
    </PeopleFrame>
  );
}

function Team({ team }: { team: TeamView }) {
  const org = useOrg();
  return (
    <Section title={team.name} id={`team-${team.slug}`} count={team.projects.length} actions={<span style={{ display: "flex", gap: 4 }}><RenameTeam team={team} /><NewProject team={team} /></span>}>
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

function useRefetchTree() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () => Promise.all(["teams", "viewer", "grantable"].map((name) => queries.invalidateQueries(trpc.access[name as "teams"].pathFilter())));
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
      <Guarded allowed={allowed}><Button variant="default" onClick={dialog.open}>New project</Button></Guarded>
      <NameDialog opened={opened} onClose={dialog.close} title={`New project in ${team.name}`} verb="Create project" error={create.error} busy={create.isPending} onSubmit={(values) => create.mutate({ teamId: team.id, ...values })} withSlug />
    </>
  );
}

function RenameTeam({ team }: { team: TeamView }) {
  const trpc = useTRPC();
  const allowed = useCan("teams:manage");
  const [opened, dialog] = useDisclosure(false);
  const refetch = useRefetchTree();
  const update = useMutation(trpc.access.updateTeam.mutationOptions({ onSuccess: () => refetch().then(dialog.close) }));
  if (!allowed.ok) return null;
  return (
    <>
      <Rename what={team.name} onClick={dialog.open} size={32} />
      <NameDialog opened={opened} onClose={dialog.close} title={`Rename ${team.name}`} verb="Rename" initial={team.name} error={update.error} busy={update.isPending} onSubmit={({ name }) => update.mutate({ id: team.id, name })} />
    </>
  );
}

function RenameProject({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const allowed = useCan("projects:manage", project.id);
  const [opened, dialog] = useDisclosure(false);
  const refetch = useRefetchTree();
  const update = useMutation(trpc.access.updateProject.mutationOptions({ onSuccess: () => refetch().then(dialog.close) }));
  if (!allowed.ok) return null;
  return (
    <>
      <Rename what={project.name} onClick={dialog.open} />
      <NameDialog opened={opened} onClose={dialog.close} title={`Rename ${project.name}`} verb="Rename" initial={project.name} error={update.error} busy={update.isPending} onSubmit={({ name }) => update.mutate({ id: project.id, name })} />
    </>
  );
}

function Rename({ what, onClick, size = 24 }: { what: string; onClick: () => void; size?: number }) {
  return (
    <Tooltip label={`Rename ${what}`}>
      <ActionIcon size={size} aria-label={`Rename ${what}`} onClick={onClick}><IconPencil size={15} stroke={1.7} /></ActionIcon>
    </Tooltip>
  );
}
