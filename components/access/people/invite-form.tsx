"use client";
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Invite } from "../../../domain/access/inputs.ts";
import type { Role } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { Secret } from "../secret.tsx";
import { PlaceField, RoleField, useGrantable } from "./place-fields.tsx";
import { lazySchema } from "../../form/lazy-schema.ts";

const checkInvite = lazySchema(() => import("../../../domain/access/inputs.ts").then((inputs) => inputs.Invite));

/** Makes a link for one e-mail address; Drover sends no mail, so the link is copied and sent by hand. */
export function InviteForm({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const places = useGrantable();
  const [link, setLink] = useState<string | null>(null);
  const form = useForm({ initialValues: { email: "", role: null as Role | null, scopeId: null as string | null, scopeType: null as string | null }, validate: checkInvite });
  const place = places.find((one) => one.scopeId === form.values.scopeId);
  const invite = useMutation(trpc.access.invite.mutationOptions({
    onSuccess: (made) => {
      setLink(made.link);
      return queries.invalidateQueries(trpc.access.invitations.pathFilter());
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  }));
  if (link) {
    return (
      <div className={classes.fields}>
        <p style={{ margin: 0 }}>Send this link to <strong>{form.values.email}</strong>. It works once, for that address only, and for seven days.</p>
        <Secret value={link} label="Invitation link" />
        <Button onClick={onClose} style={{ alignSelf: "flex-end" }}>Done</Button>
      </div>
    );
  }
  const choosePlace = (scopeId: string | null) => {
    const next = places.find((one) => one.scopeId === scopeId);
    const role = next && form.values.role && next.roles.includes(form.values.role) ? form.values.role : null;
    form.setValues({ scopeId, scopeType: next?.scopeType ?? null, role });
  };
  return (
    <form className={classes.fields} aria-label="Invite somebody" noValidate onSubmit={form.onSubmit((values) => invite.mutate(values as Invite))}>
      <FormAlert message={invite.error && Object.keys(fieldErrors(invite.error)).length === 0 ? formError(invite.error) : null} />
      <TextInput label="E-mail" type="email" data-autofocus {...form.getInputProps("email")} />
      <PlaceField places={places} value={form.values.scopeId} onChange={choosePlace} error={form.errors.scopeId && "Choose where the role holds."} placeholder="Organization, team or project" />
      <RoleField roles={place?.roles ?? []} disabled={!place} placeholder={place ? "Choose" : undefined} {...form.getInputProps("role")} error={form.errors.role && (form.values.role ? form.errors.role : "Choose a role.")} />
      <Button type="submit" loading={invite.isPending} style={{ alignSelf: "flex-end" }}>Create link</Button>
    </form>
  );
}
