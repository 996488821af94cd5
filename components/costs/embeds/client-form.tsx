"use client";
import { Button, Checkbox, MultiSelect, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { EmbedClientView, EmbedsView } from "../../../domain/costs/embed-view.ts";
import { fieldErrors, formError } from "../../access/api-error.ts";
import { FormAlert } from "../../access/form-alert.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { useViewer } from "../../providers/viewer.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../costs.module.css";

const draftOf = (client: EmbedClientView | null, view: EmbedsView) => ({
  name: client?.name ?? "",
  publicKey: client?.publicKey ?? "",
  origins: client?.origins.join("\n") ?? "",
  reportIds: client?.reportIds ?? view.reports.filter((one) => one.withdrawnAt === null).slice(0, 1).map((one) => one.id),
  projectIds: client?.projectIds ?? null,
  mustFilter: client?.mustFilter ?? true,
  minGroup: client?.minGroup ?? ("" as number | string),
  csv: client?.capabilities.includes("csv") ?? false,
  accent: client?.accent ?? "",
});

/** A site that may show reports, new or changed. */
export function ClientForm({ view, client, onDone }: { view: EmbedsView; client: EmbedClientView | null; onDone: () => void }) {
  const trpc = useTRPC();
  const viewer = useViewer();
  const [draft, setDraft] = useState(() => draftOf(client, view));
  const saved = { onSuccess: () => { notifyDone(client ? `${draft.name} saved.` : `${draft.name} added. How to embed, in its menu, has the code for its pages.`); onDone(); } };
  const create = useMutation(trpc.costs.createEmbedClient.mutationOptions(saved));
  const change = useMutation(trpc.costs.changeEmbedClient.mutationOptions(saved));
  const error = create.error ?? change.error;
  const errors: Record<string, string> = error ? fieldErrors(error) : {};
  const said = (field: string) => Object.entries(errors).find(([name]) => name === field || name.startsWith(`${field}.`))?.[1];
  const set = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    const { csv, accent, origins, minGroup, ...rest } = draft;
    const input = { ...rest, origins: origins.split(/\s+/).filter(Boolean), capabilities: csv ? (["csv"] as ["csv"]) : [], accent: accent.trim() || null, minGroup: minGroup === "" ? null : Number(minGroup) };
    if (client) change.mutate({ id: client.id, ...input });
    else create.mutate(input);
  };
  const reports = view.reports.filter((one) => one.withdrawnAt === null).map((one) => ({ value: one.id, label: one.title }));
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {error && Object.keys(errors).length === 0 && <FormAlert message={formError(error)} />}
      <TextInput label="Name" placeholder="Customer portal" value={draft.name} error={said("name")} maxLength={64} onChange={(event) => set({ name: event.currentTarget.value })} data-autofocus />
      <Textarea label="Origins" description="Of the pages that show it, one a line, as the browser writes them." placeholder="https://portal.example" autosize minRows={1} maxRows={5} value={draft.origins} error={said("origins")} onChange={(event) => set({ origins: event.currentTarget.value })} />
      <Textarea label="Public key" description="Ed25519, as PEM; the private half stays on the site's own server. Or the https address of the site's JWKS, so that it can turn its keys over by itself." placeholder="-----BEGIN PUBLIC KEY-----" autosize minRows={3} maxRows={6} value={draft.publicKey} error={said("publicKey")} onChange={(event) => set({ publicKey: event.currentTarget.value })} />
      <MultiSelect label="Reports" data={reports} value={draft.reportIds.filter((id) => reports.some(({ value }) => value === id))} error={said("reportIds")} onChange={(reportIds) => set({ reportIds })} />
      <Checkbox label="Every project" description="And what nobody held. Without it, only the projects that are named." checked={draft.projectIds === null} onChange={(event) => set({ projectIds: event.currentTarget.checked ? null : [] })} />
      {draft.projectIds !== null && <MultiSelect label="Projects" searchable data={viewer.projects.map((one) => ({ value: one.id, label: one.name }))} value={draft.projectIds} error={said("projectIds")} onChange={(projectIds) => set({ projectIds })} />}
      <Checkbox label="Every token must name projects" description="A token without a filter is refused. For sites whose visitors may each see only a part." checked={draft.mustFilter} onChange={(event) => set({ mustFilter: event.currentTarget.checked })} />
      <NumberInput label="People behind every figure" description="At least so many, counted by project, resource and day: smaller groups are joined, or left out, so that nobody's spending can be read out of it. Empty: one is enough." placeholder="1" min={2} max={1000} allowDecimal={false} value={draft.minGroup} error={said("minGroup")} onChange={(minGroup) => set({ minGroup })} />
      <Checkbox label="Figures may be downloaded" description="As CSV, where a token allows it too." checked={draft.csv} onChange={(event) => set({ csv: event.currentTarget.checked })} />
      <TextInput label="Colour" description="Of bars, where its pages name none; empty is Drover's own." placeholder="#1d4ed8" value={draft.accent} error={said("accent")} onChange={(event) => set({ accent: event.currentTarget.value })} w={180} />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={create.isPending || change.isPending} disabled={draft.name.trim() === ""}>{client ? "Save" : "Add site"}</Button></div>
    </form>
  );
}
