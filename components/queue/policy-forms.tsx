"use client";
import { Button, Checkbox, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueuePolicy } from "../../domain/queue/policy.ts";
import { useTRPC } from "../providers/api.tsx";
import { useViewer } from "../providers/viewer.tsx";
import { notifyError } from "../ui/notify.ts";
import classes from "./queue.module.css";

/** The organization's rules of the queue. Only what was changed here is sent: the others may be somebody else's by then. */
export function PolicyForm({ policy, onDone }: { policy: QueuePolicy; onDone: () => void }) {
  const trpc = useTRPC();
  const [changed, setChanged] = useState<Partial<QueuePolicy>>({});
  const draft = { ...policy, ...changed };
  const change = (some: Partial<QueuePolicy>) => setChanged({ ...changed, ...some });
  const save = useMutation(trpc.queue.setPolicy.mutationOptions({ onSuccess: onDone, onError: notifyError("The policies were not changed") }));
  const flag = (key: "fairShare" | "turns" | "backfill" | "preemption", label: string, description: string) => (
    <Checkbox label={label} description={description} checked={draft[key]} onChange={(event) => change({ [key]: event.currentTarget.checked })} />
  );
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); save.mutate(changed); }}>
      {flag("fairShare", "Fair share", "Teams that used less for their weight go first.")}
      <NumberInput label="Half-life" description="After this long, past use counts half." suffix=" hours" min={1} max={2160} allowDecimal={false} value={draft.halfLifeHours} onChange={(next) => typeof next === "number" && change({ halfLifeHours: next })} disabled={!draft.fairShare} />
      {flag("turns", "Taking turns", "Runs that had little go before those that had much.")}
      {flag("backfill", "Backfill", "Later runs may use room that the first cannot.")}
      {flag("preemption", "Preemption", "Preemptible runs may be stopped for what goes before them.")}
      <div><div className={classes.label} id="packing">Runs go to</div><SegmentedControl aria-labelledby="packing" value={draft.packing} onChange={(packing) => change({ packing: packing as QueuePolicy["packing"] })} data={[{ value: "pack", label: "the fullest node" }, { value: "spread", label: "the emptiest node" }]} /></div>
      <NumberInput label="Runs per person" description="Going at once. Empty is no limit." min={1} max={100_000} allowDecimal={false} value={draft.maxRunningPerUser ?? ""} onChange={(next) => change({ maxRunningPerUser: typeof next === "number" ? next : null })} />
      <div className={classes.acts}><Button type="submit" loading={save.isPending}>Save policies</Button></div>
    </form>
  );
}

/** What a team or project holds of a model. */
export function QuotaForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const viewer = useViewer();
  const { data: summary } = useQuery(trpc.queue.summary.queryOptions());
  const [scope, setScope] = useState<string | null>(null);
  const [model, setModel] = useState("*");
  const [guaranteed, setGuaranteed] = useState<number | string>(0);
  const [limit, setLimit] = useState<number | string>("");
  const [borrow, setBorrow] = useState(true);
  const done = { onSuccess: onDone, onError: notifyError("The quota was not set") };
  const setTeam = useMutation(trpc.queue.setTeamQuota.mutationOptions(done));
  const setProject = useMutation(trpc.queue.setProjectQuota.mutationOptions(done));
  const submit = () => {
    if (!scope) return;
    const holding = { model: model.trim() || "*", guaranteed: Number(guaranteed), borrow, limit: limit === "" ? null : Number(limit) };
    if (scope.startsWith("team_")) setTeam.mutate({ teamId: scope, ...holding });
    else setProject.mutate({ projectId: scope, ...holding });
  };
  const data = [
    { group: "Teams", items: (summary?.teams ?? []).map((team) => ({ value: team.id, label: team.name })) },
    { group: "Projects", items: viewer.projects.map((project) => ({ value: project.id, label: project.name })) },
  ];
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <Select label="For" placeholder="A team or a project" data={data} value={scope} onChange={setScope} searchable required />
      <TextInput label="Accelerators" description="A model such as H100, or * for all." value={model} maxLength={64} onChange={(event) => setModel(event.currentTarget.value)} />
      <NumberInput label="Guaranteed" description="Its own whenever it asks." min={0} allowDecimal={false} value={guaranteed} onChange={setGuaranteed} />
      <Checkbox label="May borrow" description="Hold more while nobody else needs it." checked={borrow} onChange={(event) => setBorrow(event.currentTarget.checked)} />
      <NumberInput label="At most" description="Empty is no limit." min={0} allowDecimal={false} value={limit} onChange={setLimit} disabled={!borrow} />
      <div className={classes.acts}><Button type="submit" disabled={!scope} loading={setTeam.isPending || setProject.isPending}>Set quota</Button></div>
    </form>
  );
}
