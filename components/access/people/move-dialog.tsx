"use client";
import { Button, Modal, Select, Text } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ProjectView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../access.module.css";
import { formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { useRefetchTree } from "./use-tree.ts";

/** Choose another team for a project, and read what that changes. */
export function MoveDialog({ project, opened, onClose }: { project: ProjectView; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Move ${project.name} to another team`} size={440}>
      <MoveForm project={project} onClose={onClose} />
    </Modal>
  );
}

function MoveForm({ project, onClose }: { project: ProjectView; onClose: () => void }) {
  const trpc = useTRPC();
  const refetch = useRefetchTree();
  const teams = useSuspenseQuery(trpc.access.teams.queryOptions()).data;
  const others = teams.filter((team) => !team.archivedAt && !team.projects.some(({ id }) => id === project.id));
  const [teamId, setTeam] = useState<string | null>(null);
  const chosen = others.find(({ id }) => id === teamId);
  const move = useMutation(trpc.access.moveProject.mutationOptions({
    onSuccess: async () => {
      await refetch();
      onClose();
      notifyDone(`${project.name} moved to ${chosen?.name}.`);
    },
  }));
  return (
    <form
      className={classes.fields}
      aria-label={`Move ${project.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (teamId) move.mutate({ id: project.id, teamId });
      }}
    >
      <FormAlert message={move.error ? formError(move.error) : null} />
      <Select label="Team" data={others.map(({ id, name }) => ({ value: id, label: name }))} value={teamId} onChange={setTeam} allowDeselect={false} nothingFoundMessage="There is no other team." data-autofocus />
      <Text size="sm">Roles given on its present team no longer reach the project; those given on {chosen?.name ?? "the new team"} do. Roles on the project itself stay, and so does its short name.</Text>
      <Button type="submit" loading={move.isPending} disabled={!teamId} style={{ alignSelf: "flex-end" }}>Move project</Button>
    </form>
  );
}
