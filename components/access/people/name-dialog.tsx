"use client";
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { slugify } from "../../../domain/shared/id-format.ts";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";

/**
 * Name something, or rename it. A new thing also shows the short name that its URLs will use; it can be changed now and never later.
 * `error` is what the server said to the last try.
 */
export function NameDialog({ opened, onClose, title, verb, initial, error, busy, onSubmit, withSlug }: {
  opened: boolean;
  onClose: () => void;
  title: string;
  verb: string;
  initial?: string;
  error: unknown;
  busy: boolean;
  onSubmit: (values: { name: string; slug: string }) => void;
  withSlug?: boolean;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={400}>
      <NameForm {...{ verb, initial, error, busy, onSubmit, withSlug, title }} />
    </Modal>
  );
}

function NameForm({ title, verb, initial = "", error, busy, onSubmit, withSlug }: { title: string; verb: string; initial?: string; error: unknown; busy: boolean; onSubmit: (values: { name: string; slug: string }) => void; withSlug?: boolean }) {
  const [name, setName] = useState(initial);
  const [typedSlug, setSlug] = useState<string | null>(null);
  const slug = typedSlug ?? (name.trim() ? slugify(name) : "");
  const errors = error ? fieldErrors(error) : {};
  const named = Boolean(errors.name || errors.slug);
  return (
    <form
      className={classes.fields}
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({ name: name.trim(), slug });
      }}
    >
      <FormAlert message={error && !named ? formError(error) : null} />
      <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} error={errors.name} maxLength={80} required withAsterisk={false} data-autofocus />
      {withSlug && (
        <TextInput label="Short name" description="In URLs and the API. It cannot be changed later." value={slug} onChange={(event) => setSlug(event.currentTarget.value)} error={errors.slug} maxLength={63} required withAsterisk={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} />
      )}
      <Button type="submit" loading={busy} style={{ alignSelf: "flex-end" }}>{verb}</Button>
    </form>
  );
}
