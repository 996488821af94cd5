"use client";
import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { RANGE_NAMES, type RangeName } from "../../../domain/costs/days.ts";
import { EMBED_BY, type EmbedFilter } from "../../../domain/costs/embed.ts";
import type { NarrowedTo } from "../../../domain/costs/cost-view.ts";
import { narrowedWords } from "../../../domain/costs/spend-filter.ts";
import { SPEND_BY_LABEL } from "../../../domain/costs/spend-by.ts";
import { fieldErrors, formError } from "../../access/api-error.ts";
import { FormAlert } from "../../access/form-alert.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../costs.module.css";

/** The view that is to be published. */
export interface Publishable {
  by: (typeof EMBED_BY)[number];
  range: RangeName;
  filter: EmbedFilter;
  narrowed: readonly NarrowedTo[];
}

/** What is shown, of which days. @param view What is looked at, where it is published from its page. */
export function PublishForm({ view, onDone }: { view?: Publishable; onDone: () => void }) {
  const [title, setTitle] = useState("");
  const [by, setBy] = useState<(typeof EMBED_BY)[number]>(view?.by ?? "project");
  const [range, setRange] = useState<RangeName>(view?.range ?? "30d");
  const isNarrowed = view !== undefined && view.narrowed.length > 0;
  const publish = useMutation(useTRPC().costs.publishReport.mutationOptions({ onSuccess: () => { notifyDone(`${title} is published.`); onDone(); } }));
  const errors: Record<string, string> = publish.error ? fieldErrors(publish.error) : {};
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); publish.mutate({ title, by, range, ...(isNarrowed ? { filter: view.filter } : {}) }); }}>
      {publish.error && Object.keys(errors).length === 0 && <FormAlert message={formError(publish.error)} />}
      <TextInput label="Title" placeholder="GPU spend" value={title} error={errors.title} maxLength={64} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
      {isNarrowed && <p className={classes.says}>Only {narrowedWords(view.narrowed)}.</p>}
      <Select label="Spend by" description="People and experiments are never shown on other sites." data={EMBED_BY.map((value) => ({ value, label: SPEND_BY_LABEL[value] }))} value={by} allowDeselect={false} onChange={(next) => setBy(next as typeof by)} />
      <SegmentedControl aria-label="Time range" data={[...RANGE_NAMES]} value={range} onChange={(next) => setRange(next as RangeName)} />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={publish.isPending} disabled={title.trim() === ""}>Publish report</Button></div>
    </form>
  );
}
