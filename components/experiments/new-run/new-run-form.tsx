"use client";
import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { paths } from "../../../paths.ts";
import { FormActions } from "../../form/form-section.tsx";
import { IssueList } from "../../form/issue-list.tsx";
import { issuesOf } from "../../form/issues.ts";
import { useLeaveGuard } from "../../form/use-leave-guard.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg, useViewer } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { useDraft } from "./draft-context.tsx";
import { setField } from "./spec-document.ts";
import { SpecFields } from "./spec-fields.tsx";
import { keyFor, type Sent } from "./submit-key.ts";
import classes from "./new-run.module.css";

/** The fields, and what sends them. */
export function NewRunForm({ isClone }: { isClone: boolean }) {
  const trpc = useTRPC();
  const org = useOrg();
  const router = useRouter();
  const client = useQueryClient();
  const { document, issues, showAll, setShowAll, setRefused, isDirty } = useDraft();
  const [failure, setFailure] = useState<{ message: string; requestId: string | null } | null>(null);
  const sent = useRef<Sent | null>(null);
  const allowed = useCan("runs:submit");
  const submit = useMutation(
    trpc.experiments.submit.mutationOptions({
      onSuccess: ({ id, plan }) => {
        void client.invalidateQueries(trpc.experiments.list.pathFilter());
        notifyDone(`Submitted. ${plan.message}`);
        window.scrollTo(0, 0); // the form was read to its end; the run is read from its start
        router.push(paths.run(org, id));
      },
      onError: (error) => {
        const found = issuesOf(error).map((issue) => ({ ...issue, field: issue.field.replace(/^spec\./, "") }));
        setRefused(found);
        setFailure(found.length > 0 ? null : { message: error.message, requestId: (error.data as { requestId?: string | null } | null)?.requestId ?? null });
      },
    }),
  );
  useLeaveGuard(isDirty && !submit.isSuccess);
  function send(event: React.FormEvent): void {
    event.preventDefault();
    setShowAll(true);
    setFailure(null);
    if (!document.spec || submit.isPending || submit.isSuccess || !allowed.ok) return;
    sent.current = keyFor(document.spec, sent.current);
    submit.mutate({ spec: document.spec, idempotencyKey: sent.current.key });
  }
  return (
    <form className={classes.form} onSubmit={send} noValidate aria-label="New run">
      {!isClone && <ExampleOffer />}
      <IssueList issues={showAll ? issues : []} failure={failure} />
      <SpecFields />
      <FormActions>
        <Guarded allowed={allowed}><Button type="submit" loading={submit.isPending || submit.isSuccess}>Submit run</Button></Guarded>
        <Button variant="subtle" color="gray" component={Link} href={paths.runs(org)}>Back to runs</Button>
      </FormActions>
    </form>
  );
}

/** Something that runs at once, for those who have nothing at hand. It stays while one types: the form does not jump. */
function ExampleOffer() {
  const trpc = useTRPC();
  const { projects } = useViewer();
  const { setText, document, isDirty } = useDraft();
  const [isUsed, setUsed] = useState(false);
  const examples = useSuspenseQuery({ ...trpc.experiments.examples.queryOptions(), staleTime: Number.POSITIVE_INFINITY }).data;
  const prepare = useMutation(
    trpc.experiments.prepareExample.mutationOptions({
      onSuccess: ({ yaml }) => {
        const project = (document.value?.["project"] as string | undefined) ?? projects.find(({ held, archived }) => !archived && held.includes("runs:submit"))?.slug;
        const take = () => {
          setText(project ? setField(yaml, ["project"], project) : yaml);
          setUsed(true);
        };
        // What was typed before, or while the example was on its way.
        if (isDirty) confirmAct({ title: "Replace what is in the form?", effect: "The example takes the place of all that was entered.", verb: "Use the example", onConfirm: take });
        else take();
      },
      onError: notifyError("The example was not loaded"),
    }),
  );
  const [example] = examples;
  if (!example || isUsed) return null;
  return (
    <div className={classes.offer}>
      <span style={{ flex: 1, minWidth: 200 }}>{example.title}.</span>
      <Button variant="default" loading={prepare.isPending} onClick={() => prepare.mutate({ name: example.name })}>{`Try the ${example.name} example`}</Button>
    </div>
  );
}
