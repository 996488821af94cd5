"use client";
import { Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowsMove, IconKey, IconPencil } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { ProjectView, TeamView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { ActsMenu, ArchiveItem } from "../../ui/acts-menu.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { whenWanted } from "../../ui/when-wanted.tsx";
import { NameDialog } from "./name-dialog.tsx";
import { useRefetchTree } from "./use-tree.ts";

const MoveDialog = whenWanted((props: { project: ProjectView; opened: boolean; onClose: () => void }) => props.opened, () => import("./move-dialog.tsx").then((module) => module.MoveDialog));

const SecretsDialog = whenWanted((props: { project: ProjectView; opened: boolean; onClose: () => void }) => props.opened, () => import("./secrets-dialog.tsx").then((module) => module.SecretsDialog));

/** What may be done to a team; nothing for those who may not change teams. */
export function TeamMenu({ team }: { team: TeamView }) {
  const trpc = useTRPC();
  const allowed = useCan("teams:manage");
  const [opened, dialog] = useDisclosure(false);
  const refetch = useRefetchTree();
  const update = useMutation(trpc.access.updateTeam.mutationOptions({ onSuccess: () => refetch().then(dialog.close) }));
  const archive = useMutation(trpc.access.archiveTeam.mutationOptions({ onSuccess: (_, { archived }) => said(refetch, team.name, archived), onError: notifyError(`${team.name} was not ${team.archivedAt ? "restored" : "archived"}`) }));
  if (!allowed.ok) return null;
  const ask = () => confirmAct({ title: `Archive ${team.name}?`, effect: "Nobody can create projects in it any more. Its projects must be archived or moved first. You can restore it later.", verb: "Archive team", onConfirm: () => archive.mutate({ id: team.id, archived: true }) });
  return (
    <>
      <ActsMenu of={team.name} size={32}>
        <Menu.Item leftSection={<IconPencil size={15} stroke={1.7} />} onClick={dialog.open}>Rename</Menu.Item>
        <ArchiveItem archived={team.archivedAt !== null} archive={ask} restore={() => archive.mutate({ id: team.id, archived: false })} />
      </ActsMenu>
      <NameDialog opened={opened} onClose={dialog.close} title={`Rename ${team.name}`} verb="Rename" initial={team.name} error={update.error} busy={update.isPending} onSubmit={({ name }) => update.mutate({ id: team.id, name })} />
    </>
  );
}

/** What may be done to a project; nothing for those who may not change it. */
export function ProjectMenu({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const allowed = useCan("projects:manage", project.id);
  const [renaming, rename] = useDisclosure(false);
  const [moving, move] = useDisclosure(false);
  const [keeping, keep] = useDisclosure(false);
  const refetch = useRefetchTree();
  const update = useMutation(trpc.access.updateProject.mutationOptions({ onSuccess: () => refetch().then(rename.close) }));
  const archive = useMutation(trpc.access.archiveProject.mutationOptions({ onSuccess: (_, { archived }) => said(refetch, project.name, archived), onError: notifyError(`${project.name} was not ${project.archivedAt ? "restored" : "archived"}`) }));
  if (!allowed.ok) return null;
  const ask = () => confirmAct({ title: `Archive ${project.name}?`, effect: "Nothing new can be submitted or logged to it. Its runs, metrics, logs and artifacts stay to be seen. You can restore it later.", verb: "Archive project", onConfirm: () => archive.mutate({ id: project.id, archived: true }) });
  return (
    <>
      <ActsMenu of={project.name}>
        <Menu.Item leftSection={<IconPencil size={15} stroke={1.7} />} onClick={rename.open}>Rename</Menu.Item>
        <Menu.Item leftSection={<IconKey size={15} stroke={1.7} />} onClick={keep.open}>Secrets</Menu.Item>
        <Menu.Item leftSection={<IconArrowsMove size={15} stroke={1.7} />} onClick={move.open}>Move to another team</Menu.Item>
        <ArchiveItem archived={project.archivedAt !== null} archive={ask} restore={() => archive.mutate({ id: project.id, archived: false })} />
      </ActsMenu>
      <NameDialog opened={renaming} onClose={rename.close} title={`Rename ${project.name}`} verb="Rename" initial={project.name} error={update.error} busy={update.isPending} onSubmit={({ name }) => update.mutate({ id: project.id, name })} />
      <MoveDialog project={project} opened={moving} onClose={move.close} />
      <SecretsDialog project={project} opened={keeping} onClose={keep.close} />
    </>
  );
}

async function said(refetch: () => Promise<unknown>, name: string, archived: boolean): Promise<void> {
  await refetch();
  notifyDone(`${name} ${archived ? "archived" : "restored"}.`);
}
