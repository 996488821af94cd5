"use client";
import { Button, Radio, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { ViewPage } from "../../domain/experiments/saved-view.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useViewer } from "../providers/viewer.tsx";
import { notifyError } from "../ui/notify.ts";

/** Gives what the page shows a name. */
export function NewView({ page, project, state, onSaved }: { page: ViewPage; project: string | null; state: string; onSaved: (id: string) => void }) {
  const trpc = useTRPC();
  const { projects } = useViewer();
  const projectId = projects.find(({ slug }) => slug === project)?.id;
  const writes = useCan("reports:write", projectId);
  const [name, setName] = useState("");
  const [sharing, setSharing] = useState<"private" | "project">("private");
  const save = useMutation(trpc.views.save.mutationOptions({ onSuccess: ({ id }) => onSaved(id), onError: notifyError("The view was not saved") }));
  const cannot = !projectId ? "Choose a project in the top bar to share it there." : writes.ok ? null : writes.reason;
  return (
    <form style={{ display: "grid", gap: 14 }} onSubmit={(event) => {
      event.preventDefault();
      if (name.trim()) save.mutate({ page, name: name.trim(), state, sharing, ...(projectId ? { projectId } : {}) });
    }}>
      <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={120} data-autofocus required />
      <Radio.Group label="Who sees it" value={sharing} onChange={(next) => setSharing(next as "private" | "project")}>
        <div style={{ display: "grid", gap: 8, marginTop: 6 }}>
          <Radio value="private" label="Only I" />
          <Radio value="project" label="Everybody in the project" disabled={cannot !== null} description={cannot ?? undefined} />
        </div>
      </Radio.Group>
      <Button type="submit" loading={save.isPending} disabled={!name.trim()} style={{ justifySelf: "end" }}>Save view</Button>
    </form>
  );
}
