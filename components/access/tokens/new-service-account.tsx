"use client";
import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Role } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { PlaceField, RoleField, useGrantable } from "../people/place-fields.tsx";

export function NewServiceAccountButton() {
  const allowed = useCan("tokens:manage");
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Guarded allowed={allowed}><Button onClick={dialog.open}>New service account</Button></Guarded>
      <Modal opened={opened} onClose={dialog.close} title="New service account" size={440}>
        <NewServiceAccount onClose={dialog.close} />
      </Modal>
    </>
  );
}

function NewServiceAccount({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const places = useGrantable().filter((place) => place.scopeType === "project");
  const [name, setName] = useState("");
  const [projectId, setProjectId] = useState<string | null>(null);
  const [role, setRole] = useState<Role | null>(null);
  const project = places.find((place) => place.scopeId === projectId);
  const create = useMutation(trpc.access.createServiceAccount.mutationOptions({
    onSuccess: async () => {
      await queries.invalidateQueries(trpc.access.serviceAccounts.pathFilter());
      onClose();
      notifyDone(`${name.trim()} created. Create a token for it next.`);
    },
  }));
  const errors = create.error ? fieldErrors(create.error) : {};
  return (
    <form
      className={classes.fields}
      aria-label="New service account"
      onSubmit={(event) => {
        event.preventDefault();
        if (projectId && role) create.mutate({ projectId, name: name.trim(), role });
      }}
    >
      <FormAlert message={create.error && Object.keys(errors).length === 0 ? formError(create.error) : null} />
      <TextInput label="Name" placeholder="nightly-eval" maxLength={60} required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={errors.name} data-autofocus />
      <PlaceField label="Project" description={undefined} places={places} value={projectId} onChange={(id) => { setProjectId(id); setRole(null); }} placeholder="Choose" required withAsterisk={false} />
      <RoleField roles={project?.roles ?? []} value={role} onChange={(next) => setRole(next as Role | null)} disabled={!project} placeholder={project ? "Choose" : undefined} error={errors.role} required withAsterisk={false} />
      <Button type="submit" loading={create.isPending} style={{ alignSelf: "flex-end" }} disabled={!name.trim() || !projectId || !role}>Create</Button>
    </form>
  );
}
