"use client";
import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue, useHotkeys } from "@mantine/hooks";
import { IconChartLine, IconTable } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { Suspense, useRef, useState } from "react";
import { CHART_TEMPLATE, insertBlock, NEW_REPORT, RUNS_TEMPLATE } from "../../../domain/experiments/report-words.ts";
import { paths } from "../../../paths.ts";
import { fieldErrors, formError } from "../../access/api-error.ts";
import { FormAlert } from "../../access/form-alert.tsx";
import { useLeaveGuard } from "../../form/use-leave-guard.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg, useProjectsWhere } from "../../providers/viewer.tsx";
import { notifyDone } from "../../ui/notify.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { LazyReportBody } from "./lazy-report-body.tsx";
import classes from "./reports.module.css";

interface Draft {
  title: string;
  body: string;
  project: { id: string; slug: string };
}

/** Writes a new report in one of the projects where one may. */
export function NewReportPage({ scope }: { scope: string | null }) {
  const trpc = useTRPC();
  const org = useOrg();
  const projects = useProjectsWhere("reports:write");
  const save = useMutation(trpc.reports.create.mutationOptions());
  const first = projects.find(({ slug }) => slug === scope) ?? projects[0];
  if (!first) return <PageHeader title="New report" breadcrumbs={[{ label: "Reports", href: paths.reports(org) }]} subtitle="You may not write reports in any project. An organization admin can give you reports:write." />;
  return <Editor heading="New report" start={{ title: "", body: NEW_REPORT, project: first }} projects={projects} back={paths.reports(org)} save={(draft) => save.mutateAsync({ projectId: draft.project.id, title: draft.title, body: draft.body })} failed={save.error} saving={save.isPending} />;
}

/** Edits the newest version; somebody else's newer one is not written over. */
export function EditReportPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  // Not followed while it is edited: what somebody else saves meanwhile is told when this is saved.
  const [report] = useState(useSuspenseQuery(trpc.reports.get.queryOptions({ id })).data);
  const save = useMutation(trpc.reports.update.mutationOptions());
  return <Editor heading={`Edit ${report.title}`} start={{ title: report.title, body: report.body, project: report.project }} back={paths.report(org, id)} save={({ title, body }) => save.mutateAsync({ id, title, body, from: report.version }).then(() => ({ id }))} failed={save.error} saving={save.isPending} />;
}

interface EditorProps {
  heading: string;
  start: Draft;
  /** Where a new one may go; one that is there stays in its project. */
  projects?: readonly { id: string; slug: string; name: string }[];
  back: string;
  save: (draft: Draft) => Promise<{ id: string }>;
  failed: unknown;
  saving: boolean;
}

function Editor({ heading, start, projects, back, save, failed, saving }: EditorProps) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const org = useOrg();
  const router = useRouter();
  const [draft, setDraft] = useState(start);
  const [saved, setSaved] = useState(false);
  const [shown] = useDebouncedValue(draft.body, 400);
  useLeaveGuard(!saved && (draft.title !== start.title || draft.body !== start.body));
  const errors: Record<string, string> = failed ? fieldErrors(failed) : {};
  const submit = async () => {
    if (saving || saved || draft.title.trim() === "") return; // Ctrl+S again: not a second report
    const made = await save(draft).catch(() => null); // what failed is said above the fields
    if (!made) return;
    setSaved(true);
    notifyDone(`${draft.title.trim()} is saved.`);
    await client.invalidateQueries(trpc.reports.pathFilter());
    router.push(paths.report(org, made.id));
  };
  useHotkeys([["mod+S", () => void submit()]], []); // in its fields too
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <PageHeader title={heading} breadcrumbs={[{ label: "Reports", href: paths.reports(org) }]} actions={<><Button variant="default" component={Link} href={back}>Cancel</Button><Button type="submit" loading={saving} disabled={draft.title.trim() === ""}>Save</Button></>} />
      {failed !== null && Object.keys(errors).length === 0 && <FormAlert message={formError(failed)} />}
      <div className={classes.fields}>
        <TextInput label="Title" value={draft.title} error={errors.title} maxLength={120} data-autofocus={projects ? true : undefined} autoFocus={Boolean(projects)} onChange={(event) => setDraft({ ...draft, title: event.currentTarget.value })} />
        {projects && <Select label="Project" allowDeselect={false} data={projects.map((one) => ({ value: one.id, label: one.name }))} value={draft.project.id} error={errors.projectId} onChange={(id) => setDraft({ ...draft, project: projects.find((one) => one.id === id) ?? draft.project })} />}
      </div>
      <div className={classes.editor}>
        <BodyField body={draft.body} error={errors.body} onChange={(body) => setDraft({ ...draft, body })} />
        <section aria-label="Preview" className={classes.preview}>
          <Suspense fallback={<div style={{ minHeight: 320 }} aria-busy="true" />}><LazyReportBody body={shown} project={draft.project.slug} /></Suspense>
        </section>
      </div>
    </form>
  );
}

function BodyField({ body, error, onChange }: { body: string; error: string | undefined; onChange: (body: string) => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const insert = (block: string) => {
    const next = insertBlock(body, field.current?.selectionEnd ?? body.length, block);
    onChange(next.text);
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(next.at, next.at);
    });
  };
  return (
    <div>
      <div className={classes.tools} role="group" aria-label="Insert">
        <Button size="compact-sm" variant="default" leftSection={<IconChartLine size={14} />} onClick={() => insert(CHART_TEMPLATE)}>Insert chart</Button>
        <Button size="compact-sm" variant="default" leftSection={<IconTable size={14} />} onClick={() => insert(RUNS_TEMPLATE)}>Insert runs</Button>
      </div>
      <Textarea ref={field} label="Text" description={<>Markdown. A block that begins with <code>```chart</code> or <code>```runs</code> stays live.</>} autosize minRows={22} maxRows={60} value={body} error={error} spellCheck classNames={{ input: classes.text ?? "" }} onChange={(event) => onChange(event.currentTarget.value)} />
    </div>
  );
}
