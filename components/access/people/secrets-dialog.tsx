"use client";
import { ActionIcon, Anchor, Button, Modal, PasswordInput, Table, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { ProjectView } from "../../../domain/access/people-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useViewer } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { Ago } from "../../ui/time.tsx";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";

/** A project's secrets by name: set, replace, delete. Values only go in. */
export function SecretsDialog({ project, opened, onClose }: { project: ProjectView; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Secrets of ${project.name}`} size={640}>
      <Text size="sm" mb="md">A run names them in its spec (<code>secrets: [HF_TOKEN]</code>) and gets each as a variable. Nobody reads a value back.</Text>
      <Names project={project} />
      <SetForm project={project} />
    </Modal>
  );
}

function useRefetch(project: ProjectView): () => Promise<unknown> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: trpc.access.secrets.queryKey({ projectId: project.id }) });
}

function Names({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const refetch = useRefetch(project);
  const org = useViewer().org.slug;
  const { data, error } = useQuery(trpc.access.secrets.queryOptions({ projectId: project.id }));
  const remove = useMutation(trpc.access.deleteSecret.mutationOptions({ onSuccess: (_, { name }) => refetch().then(() => notifyDone(`${name} deleted.`)), onError: notifyError("The secret was not deleted") }));
  if (error) return <FormAlert message={formError(error)} />;
  if (!data || data.length === 0) return <Text size="sm" c="dimmed" mb="md">{data ? "It has none yet." : "…"}</Text>;
  const ask = (name: string) => confirmAct({ title: `Delete ${name}?`, effect: "Runs that name it no longer start. What runs keeps the value that it has.", verb: "Delete secret", onConfirm: () => remove.mutate({ projectId: project.id, name }) });
  return (
    <Table.ScrollContainer minWidth={420} mb="md">
      <Table>
        <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th>Set</Table.Th><Table.Th>Last used</Table.Th><Table.Th w={40} aria-label="Delete" /></Table.Tr></Table.Thead>
        <Table.Tbody>
          {data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td ff="monospace">{one.name}</Table.Td>
              <Table.Td><Ago at={one.setAt} /> by {one.setBy}</Table.Td>
              <Table.Td>{one.lastUsedAt && one.lastUsedRunId ? <><Ago at={one.lastUsedAt} /> by <Anchor component={Link} href={paths.run(org, one.lastUsedRunId)} inherit>{one.lastUsedRun ?? "a run"}</Anchor></> : "never"}</Table.Td>
              <Table.Td><ActionIcon aria-label={`Delete ${one.name}`} onClick={() => ask(one.name)}><IconTrash size={16} stroke={1.7} /></ActionIcon></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function SetForm({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const refetch = useRefetch(project);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const set = useMutation(trpc.access.setSecret.mutationOptions({
    onSuccess: async ({ replaced }) => {
      await refetch();
      notifyDone(`${name} ${replaced ? "replaced" : "set"}.`);
      setName("");
      setValue("");
    },
  }));
  const errors = set.error ? fieldErrors(set.error) : {};
  const named = Boolean(errors.name || errors.value);
  return (
    <form
      className={classes.fields}
      aria-label="Set a secret"
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate({ projectId: project.id, name: name.trim(), value });
      }}
    >
      <FormAlert message={set.error && !named ? formError(set.error) : null} />
      <TextInput label="Name" description="As the variable is called. A name that exists gets the new value." placeholder="HF_TOKEN" value={name} onChange={(event) => setName(event.currentTarget.value)} error={errors.name} maxLength={256} required withAsterisk={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} />
      <PasswordInput label="Value" autoComplete="off" value={value} onChange={(event) => setValue(event.currentTarget.value)} error={errors.value} required withAsterisk={false} />
      <Button type="submit" loading={set.isPending} style={{ alignSelf: "flex-end" }}>Set secret</Button>
    </form>
  );
}
