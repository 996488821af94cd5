"use client";
import { Button, Modal, Radio, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { BUDGET_POLICIES, BUDGET_POLICY_LABEL, BUDGET_SCOPE_LABEL, BUDGET_SCOPES, type BudgetPolicy, type BudgetScope } from "../../domain/costs/budget.ts";
import type { BudgetView } from "../../domain/costs/cost-view.ts";
import { fieldErrors, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { notifyDone } from "../ui/notify.ts";
import { ScopeSelect } from "./scope-select.tsx";
import classes from "./costs.module.css";

export function ChangeBudgetDialog({ budget, currency, opened, onClose }: { budget: BudgetView; currency: string; opened: boolean; onClose: () => void }) {
  return <Modal opened={opened} onClose={onClose} title={`Change ${budget.name}`} size={480}><ChangeForm budget={budget} currency={currency} onDone={onClose} /></Modal>;
}

interface Draft {
  name: string;
  amount: string;
  levels: string;
  policy: BudgetPolicy;
}
const SAYS: Record<BudgetPolicy, string> = {
  warn: "Says so at each level; nothing is refused.",
  block: "A run that no longer fits into what is left is refused when it is submitted.",
  drain: "Also, once all is spent: what runs saves its checkpoint, stops and waits until there is money again.",
};
const levelsOf = (text: string): number[] => text.split(/[\s,;%]+/).filter(Boolean).map(Number);

/** A new budget: of what, how much, what happens at the limit. */
export function AddBudgetForm({ currency, onDone }: { currency: string; onDone: () => void }) {
  const trpc = useTRPC();
  const [type, setType] = useState<BudgetScope>("team");
  const [id, setId] = useState<string | null>(null);
  const [draft, setDraft] = useState<Draft>({ name: "", amount: "", levels: "50, 80, 100", policy: "block" });
  const add = useMutation(trpc.costs.createBudget.mutationOptions({ onSuccess: () => { notifyDone(`${draft.name} added.`); onDone(); } }));
  const errors: Record<string, string> = add.error ? fieldErrors(add.error) : {};
  const submit = () => add.mutate({ ...draft, levels: levelsOf(draft.levels), scope: { type, id: type === "org" ? "org" : (id ?? "") } });
  return (
    <BudgetFields draft={draft} setDraft={setDraft} errors={errors} error={add.error} currency={currency} busy={add.isPending} verb="Add budget" onCancel={onDone} onEdit={add.reset} onSubmit={submit}>
      <div className={classes.pair}>
        <Select label="Of" data={BUDGET_SCOPES.map((value) => ({ value, label: BUDGET_SCOPE_LABEL[value] }))} value={type} allowDeselect={false} onChange={(next) => { setType(next as BudgetScope); setId(null); }} />
        {type !== "org" && <ScopeSelect type={type} value={id} error={errors["scope.id"]} onChange={setId} />}
      </div>
    </BudgetFields>
  );
}

function ChangeForm({ budget, currency, onDone }: { budget: BudgetView; currency: string; onDone: () => void }) {
  const trpc = useTRPC();
  const [draft, setDraft] = useState<Draft>({ name: budget.name, amount: budget.amount, levels: budget.levels.join(", "), policy: budget.policy });
  const change = useMutation(trpc.costs.changeBudget.mutationOptions({ onSuccess: () => { notifyDone(`${draft.name} changed.`); onDone(); } }));
  const errors: Record<string, string> = change.error ? fieldErrors(change.error) : {};
  return <BudgetFields draft={draft} setDraft={setDraft} errors={errors} error={change.error} currency={currency} busy={change.isPending} verb="Save" onCancel={onDone} onEdit={change.reset} onSubmit={() => change.mutate({ id: budget.id, ...draft, levels: levelsOf(draft.levels) })} />;
}

interface FieldsProps {
  draft: Draft;
  setDraft: (draft: Draft) => void;
  errors: Record<string, string>;
  error: unknown;
  currency: string;
  busy: boolean;
  verb: string;
  onCancel: () => void;
  /** What was wrong with it may be right now. */
  onEdit: () => void;
  onSubmit: () => void;
  children?: React.ReactNode;
}

function BudgetFields({ draft, setDraft, errors, error, currency, busy, verb, onCancel, onEdit, onSubmit, children }: FieldsProps) {
  const levelError = Object.entries(errors).find(([field]) => field.startsWith("levels"))?.[1];
  return (
    <form className={classes.form} noValidate onChange={() => error !== null && onEdit()} onSubmit={(event) => { event.preventDefault(); onSubmit(); }}>
      {error !== null && Object.keys(errors).length === 0 && <FormAlert message={formError(error)} />}
      <TextInput label="Name" placeholder="Vision, November" value={draft.name} error={errors.name} maxLength={64} onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })} data-autofocus />
      {children}
      <div className={classes.pair}>
        <TextInput label="Amount" description={`${currency} a calendar month, UTC`} placeholder="500" inputMode="decimal" value={draft.amount} error={errors.amount} onChange={(event) => setDraft({ ...draft, amount: event.currentTarget.value })} />
        <TextInput label="Levels" description="Percent at which it alerts" value={draft.levels} error={levelError} onChange={(event) => setDraft({ ...draft, levels: event.currentTarget.value })} />
      </div>
      <Radio.Group label="At the limit" value={draft.policy} onChange={(policy) => setDraft({ ...draft, policy: policy as BudgetPolicy })}>
        <div className={classes.form} style={{ marginTop: 6 }}>{BUDGET_POLICIES.map((policy) => <Radio key={policy} value={policy} label={BUDGET_POLICY_LABEL[policy]} description={SAYS[policy]} />)}</div>
      </Radio.Group>
      <div className={classes.acts}><Button variant="default" onClick={onCancel}>Cancel</Button><Button type="submit" loading={busy} disabled={draft.name.trim() === "" || draft.amount.trim() === ""}>{verb}</Button></div>
    </form>
  );
}
