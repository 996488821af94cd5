"use client";
import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import { MODEL_LIMITS } from "../../domain/models/registry.ts";
import { useTRPC } from "../providers/api.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { notifyError } from "../ui/notify.ts";
import classes from "./models.module.css";
import { useRefreshModels } from "./use-model.ts";

interface Described {
  id: string;
  /** Of the model's version; of the model itself without it. */
  version?: number;
  name: string;
  description: string | null;
}

export function DescribeButton({ allowed, ...of }: Described & { allowed: Allowed }) {
  return <DialogButton variant="default" label="Describe" title={`Describe ${of.name}`} allowed={allowed} width={560} form={(close) => <DescribeForm {...of} onClose={close} />} />;
}

function DescribeForm({ id, version, description, name, onClose }: Described & { onClose: () => void }) {
  const trpc = useTRPC();
  const refresh = useRefreshModels();
  const [text, setText] = useState(description ?? "");
  const save = useMutation(trpc.models.describe.mutationOptions({ onSuccess: () => { onClose(); return refresh(); }, onError: notifyError(`${name} was not described`) }));
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); save.mutate({ id, description: text, ...(version === undefined ? {} : { version }) }); }}>
      <Textarea label="Description" description="What it does, what it was trained on, what it must not be used for." autosize minRows={4} maxRows={12} maxLength={MODEL_LIMITS.description} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button type="submit" loading={save.isPending}>Save</Button>
      </div>
    </form>
  );
}
