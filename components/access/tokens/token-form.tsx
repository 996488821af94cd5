"use client";
import { Button, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { TOKEN_DAYS_DEFAULT } from "../../../domain/access/token-format.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { CopyCommand } from "../../ui/id.tsx";
import { Secret } from "../secret.tsx";
import { Ago } from "../../ui/time.tsx";
import { PermissionPicker } from "./permission-picker.tsx";

const DAYS = [7, 30, 90, 180, 365];

export interface TokenValues {
  name: string;
  permissions: Permission[];
  expiresInDays: number;
}

/** Name, permissions and life of a new token. `place` is the field that says where it works, if it can be chosen. */
export function TokenForm({ offered, place, error, busy, onSubmit }: { offered: Permission[]; place?: React.ReactNode; error: unknown; busy: boolean; onSubmit: (values: TokenValues) => void }) {
  const form = useForm<TokenValues>({
    initialValues: { name: "", permissions: [], expiresInDays: TOKEN_DAYS_DEFAULT },
    validate: {
      name: (name) => (name.trim() ? null : "Give the token a name, such as the machine that will use it."),
      permissions: (names) => (names.some((name) => offered.includes(name)) ? null : "Choose at least one permission."),
    },
  });
  const errors = { ...(error ? fieldErrors(error) : {}), ...form.errors };
  const chosen = form.values.permissions.filter((name) => offered.includes(name));
  return (
    <form className={classes.fields} aria-label="New token" noValidate onSubmit={form.onSubmit((values) => onSubmit({ ...values, name: values.name.trim(), permissions: chosen }))}>
      <FormAlert message={error && Object.keys(fieldErrors(error)).length === 0 ? formError(error) : null} />
      <TextInput label="Name" placeholder="laptop, nightly-eval" maxLength={60} data-autofocus {...form.getInputProps("name")} error={errors.name} />
      {place}
      <PermissionPicker offered={offered} value={chosen} onChange={(names) => form.setFieldValue("permissions", names)} error={errors.permissions} />
      <Select label="Works for" data={DAYS.map((days) => ({ value: String(days), label: `${days} days` }))} value={String(form.values.expiresInDays)} onChange={(days) => form.setFieldValue("expiresInDays", Number(days))} allowDeselect={false} />
      <Button type="submit" loading={busy} style={{ alignSelf: "flex-end" }}>Create token</Button>
    </form>
  );
}

/** The one time that a token is shown. */
export function NewTokenShown({ token, expiresAt, onClose }: { token: string; expiresAt: Date; onClose: () => void }) {
  return (
    <div className={classes.fields}>
      <Secret value={token} label="API token" />
      <div>
        <p style={{ margin: "0 0 6px" }}>Give it to the CLI:</p>
        <CopyCommand command={`drover login ${window.location.origin} --token ${token}`} />
      </div>
      <p className="dim" style={{ margin: 0 }}>It expires <Ago at={expiresAt} />.</p>
      <Button onClick={onClose} style={{ alignSelf: "flex-end" }}>Done</Button>
    </div>
  );
}
