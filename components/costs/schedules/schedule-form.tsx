"use client";
import { Button, Modal, Radio, Select, TagsInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { BUDGET_SCOPE_LABEL } from "../../../domain/costs/budget.ts";
import { CADENCE_LABEL, CADENCE_WHEN, isReport, SCHEDULE_SCOPES, type ScheduleScope, type ScheduleView, SUBSCRIPTIONS, type Subscription } from "../../../domain/costs/report-schedule.ts";
import { fieldErrors, formError } from "../../access/api-error.ts";
import { FormAlert } from "../../access/form-alert.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { useViewer } from "../../providers/viewer.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../costs.module.css";
import { ScopeSelect } from "../scope-select.tsx";

/** A new schedule: what, of whom, to whom. */
export function AddScheduleForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const { user } = useViewer();
  const [cadence, setCadence] = useState<Subscription>("monthly");
  const [type, setType] = useState<ScheduleScope>("org");
  const [id, setId] = useState<string | null>(null);
  const [recipients, setRecipients] = useState<string[]>(user.email ? [user.email] : []);
  const [currency, setCurrency] = useState<string | null>(null);
  const add = useMutation(trpc.costs.createSchedule.mutationOptions({ onSuccess: () => { notifyDone(`Scheduled, ${CADENCE_WHEN[cadence]}.`); onDone(); } }));
  const errors: Record<string, string> = add.error ? fieldErrors(add.error) : {};
  const submit = () => add.mutate({ cadence, recipients, currency: isReport(cadence) ? currency : null, scope: { type, id: type === "org" ? "org" : (id ?? "") } });
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {add.error && Object.keys(errors).length === 0 && <FormAlert message={formError(add.error)} />}
      <Radio.Group label="Report" value={cadence} onChange={(next) => setCadence(next as Subscription)}>
        <div className={classes.form} style={{ marginTop: 6 }}>{SUBSCRIPTIONS.map((value) => <Radio key={value} value={value} label={CADENCE_LABEL[value]} description={`Sent ${CADENCE_WHEN[value]}`} />)}</div>
      </Radio.Group>
      <div className={classes.pair}>
        <Select label="Of" data={SCHEDULE_SCOPES.map((value) => ({ value, label: BUDGET_SCOPE_LABEL[value] }))} value={type} allowDeselect={false} onChange={(next) => { setType(next as ScheduleScope); setId(null); }} />
        {type !== "org" && <ScopeSelect type={type} value={id} error={errors["scope.id"]} onChange={setId} />}
      </div>
      <Recipients value={recipients} errors={errors} onChange={setRecipients} />
      {isReport(cadence) && <ShownCurrency value={currency} error={errors.currency} onChange={setCurrency} />}
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={add.isPending} disabled={recipients.length === 0}>Schedule report</Button></div>
    </form>
  );
}

function Recipients({ value, errors, onChange }: { value: string[]; errors: Record<string, string>; onChange: (next: string[]) => void }) {
  const error = Object.entries(errors).find(([field]) => field.startsWith("recipients"));
  const at = error ? /^recipients\.(\d+)/.exec(error[0])?.[1] : undefined;
  return <TagsInput label="To" description="Addresses, or https URLs of webhooks: Enter, comma or space ends one. Each gets its own." placeholder={value.length === 0 ? "name@example.com" : undefined} value={value} onChange={onChange} splitChars={[",", ";", " "]} acceptValueOnBlur maxTags={20} error={error && (at === undefined ? error[1] : `${value[Number(at)]}: ${error[1]}`)} />;
}

/** Of those that have a rate. */
function ShownCurrency({ value, error, onChange }: { value: string | null; error: string | undefined; onChange: (next: string | null) => void }) {
  const book = useQuery(useTRPC().costs.prices.queryOptions()).data;
  const all = [...new Set([...(value ? [value] : []), ...(book?.rates.map(({ currency }) => currency) ?? [])])];
  if (all.length === 0) return null;
  return <Select label="Amounts also in" description="At the rate of the report’s last day, which is named." placeholder={`Only ${book?.currency ?? "the organization’s own"}`} clearable data={all} value={value} error={error} onChange={onChange} />;
}

export function ChangeScheduleDialog({ schedule, opened, onClose }: { schedule: ScheduleView; opened: boolean; onClose: () => void }) {
  return <Modal opened={opened} onClose={onClose} title="Change who gets it" size={480}><ChangeForm schedule={schedule} onDone={onClose} /></Modal>;
}

function ChangeForm({ schedule, onDone }: { schedule: ScheduleView; onDone: () => void }) {
  const trpc = useTRPC();
  const [recipients, setRecipients] = useState(schedule.recipients);
  const [currency, setCurrency] = useState(schedule.currency);
  const change = useMutation(trpc.costs.changeSchedule.mutationOptions({ onSuccess: () => { notifyDone("The addresses were changed."); onDone(); } }));
  const errors: Record<string, string> = change.error ? fieldErrors(change.error) : {};
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); change.mutate({ id: schedule.id, recipients, currency }); }}>
      {change.error && Object.keys(errors).length === 0 && <FormAlert message={formError(change.error)} />}
      <Recipients value={recipients} errors={errors} onChange={setRecipients} />
      {isReport(schedule.cadence) && <ShownCurrency value={currency} error={errors.currency} onChange={setCurrency} />}
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={change.isPending} disabled={recipients.length === 0}>Save</Button></div>
    </form>
  );
}
