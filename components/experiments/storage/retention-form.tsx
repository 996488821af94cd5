"use client";
import { Button, NumberInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Expired, NOUN, type RetentionRule, type RetentionRules } from "../../../domain/experiments/retention.ts";
import { formatBytes, plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import classes from "./storage.module.css";

const FIELDS: { rule: RetentionRule; label: string; says: string }[] = [
  { rule: "checkpoints", label: "Checkpoints outside of their cluster", says: "Days after the end of a run. Those on the clusters’ own disks are not touched." },
  { rule: "archived", label: "Files of archived runs and deleted models", says: "Days after they were archived." },
  { rule: "files", label: "Files of all runs", says: "Days after the end of a run." },
  { rule: "logs", label: "Logs of all runs", says: "Days after the end of a run. Metrics and the timeline stay." },
];

const words = (rule: RetentionRule, { owners, files, bytes }: Expired): string => (files === 0 ? "Nothing would go now." : `Now ${plural(files, NOUN[rule])} of ${plural(owners, "run")} would go, ${formatBytes(bytes)}.`);

/** The rules, each with what it would remove now. What removes something is confirmed. Only what was changed here is sent: the others may be somebody else's by then. */
export function RetentionForm({ rules }: { rules: RetentionRules }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [changed, setChanged] = useState<Partial<RetentionRules>>({});
  const draft = useMemo(() => ({ ...rules, ...changed }), [rules, changed]);
  const [asked] = useDebouncedValue(draft, 300);
  const preview = useQuery(trpc.storage.preview.queryOptions(asked, { placeholderData: keepPreviousData }));
  const isCurrent = asked === draft && !preview.isPlaceholderData;
  const save = useMutation(trpc.storage.setRules.mutationOptions({
    onSuccess: async () => {
      await queries.invalidateQueries(trpc.storage.pathFilter());
      setChanged({});
      notifyDone("The rules were saved.");
    },
    onError: notifyError("The rules were not saved"),
  }));
  const submit = (found: Record<RetentionRule, Expired>) => {
    const going = FIELDS.filter(({ rule }) => found[rule].files > 0);
    if (going.length === 0) return save.mutate(changed);
    confirmAct({
      title: "Remove by these rules?",
      effect: <>Within six hours these go, and nothing brings them back:<ul>{going.map(({ rule, label }) => <li key={rule}>{label}: {plural(found[rule].files, NOUN[rule])}, {formatBytes(found[rule].bytes)}</li>)}</ul></>,
      verb: "Save and remove",
      onConfirm: () => save.mutate(changed),
    });
  };
  const isDirty = FIELDS.some(({ rule }) => draft[rule] !== rules[rule]);
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); if (preview.data && isCurrent) submit(preview.data); }}>
      {FIELDS.map(({ rule, label, says }) => (
        <div key={rule}>
          <NumberInput label={label} description={says} placeholder="Kept as long as the run" suffix={draft[rule] === 1 ? " day" : " days"} min={1} max={36_500} allowDecimal={false} allowNegative={false} clampBehavior="strict" value={draft[rule] ?? ""} onChange={(next) => setChanged({ ...changed, [rule]: typeof next === "number" && next >= 1 ? next : null })} />
          <p className={classes.effect} aria-live="polite">{preview.data ? words(rule, preview.data[rule]) : preview.error ? "What would go now could not be counted." : "\u00a0"}</p>
        </div>
      ))}
      <p className={classes.note}>Empty keeps them as long as the run. Runs with the tag <span className="mono">keep</span>, and those behind a registered version, keep their files and logs whatever stands here. A run’s timeline says what was removed.</p>
      <div><Button type="submit" disabled={!isDirty || !isCurrent || !preview.data} loading={save.isPending}>Save rules</Button></div>
    </form>
  );
}
