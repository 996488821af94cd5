"use client";
import { Button, Modal, NumberInput, Select, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import type { QueueRow } from "../../domain/queue/queue-view.ts";
import { plural } from "../../domain/shared/format.ts";
import { useTRPC } from "../providers/api.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import classes from "./queue.module.css";

type Dialog = "hold" | "priority" | "move";

/** Hold, release, reorder and move the chosen runs: all of them or none. Off with the reason where one may not be changed. */
export function QueueActs({ runs, onDone }: { runs: QueueRow[]; onDone: () => void }) {
  const trpc = useTRPC();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const refused = runs.find((run) => !run.order.ok);
  const may: Allowed = refused && !refused.order.ok ? { ok: false, reason: `${refused.name}: ${refused.order.reason}` } : { ok: true };
  const ids = runs.map((run) => run.id);
  const release = useMutation(trpc.queue.release.mutationOptions({ onSuccess: ({ changed }) => { notifyDone(`Released ${plural(changed, "run")}.`); onDone(); }, onError: notifyError("Nothing was released") }));
  const held = runs.filter((run) => run.held !== null).length;
  const canHold: Allowed = !may.ok ? may : held === runs.length ? { ok: false, reason: "They are held already." } : may;
  const canRelease: Allowed = !may.ok ? may : held === 0 ? { ok: false, reason: "None of them is held." } : may;
  const close = () => setDialog(null);
  const done = () => { close(); onDone(); };
  return (
    <>
      <Guarded allowed={may}><Button variant="default" onClick={() => setDialog("priority")}>Priority</Button></Guarded>
      <Guarded allowed={canHold}><Button variant="default" onClick={() => setDialog("hold")}>Hold</Button></Guarded>
      <Guarded allowed={canRelease}><Button variant="default" loading={release.isPending} onClick={() => release.mutate({ ids })}>Release</Button></Guarded>
      <Guarded allowed={may}><Button variant="default" onClick={() => setDialog("move")}>Move</Button></Guarded>
      <Modal opened={dialog !== null} onClose={close} title={dialog === null ? "" : TITLES[dialog](runs.length)} size={440}>
        {dialog === "hold" && <HoldForm ids={ids} onDone={done} />}
        {dialog === "priority" && <PriorityForm ids={ids} initial={runs[0]?.priority ?? 50} onDone={done} />}
        {dialog === "move" && <MoveForm ids={ids} onDone={done} />}
      </Modal>
    </>
  );
}

const TITLES: Record<Dialog, (count: number) => string> = {
  hold: (count) => `Hold ${plural(count, "run")}?`,
  priority: (count) => `Priority of ${plural(count, "run")}`,
  move: (count) => `Move ${plural(count, "run")}`,
};

interface FormProps { ids: string[]; onDone: () => void }

function HoldForm({ ids, onDone }: FormProps) {
  const trpc = useTRPC();
  const [reason, setReason] = useState("");
  const hold = useMutation(trpc.queue.hold.mutationOptions({ onSuccess: onDone, onError: notifyError("Nothing was held") }));
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); hold.mutate({ ids, ...(reason.trim() ? { reason: reason.trim() } : {}) }); }}>
      <Text size="sm">Held runs stay in the queue and do not start until somebody releases them. They keep their age.</Text>
      <TextInput label="Reason" description="Shown on the run, and kept in the audit log." maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} data-autofocus />
      <div className={classes.acts}><Button type="submit" loading={hold.isPending}>Hold</Button></div>
    </form>
  );
}

function PriorityForm({ ids, initial, onDone }: FormProps & { initial: number }) {
  const trpc = useTRPC();
  const [priority, setPriority] = useState<number | string>(initial);
  const set = useMutation(trpc.queue.prioritize.mutationOptions({ onSuccess: onDone, onError: notifyError("No priority was changed") }));
  const valid = typeof priority === "number" && Number.isInteger(priority) && priority >= 0 && priority <= 100;
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); if (valid) set.mutate({ ids, priority }); }}>
      <NumberInput label="Priority" description="100 goes first, 0 waits longest." min={0} max={100} allowDecimal={false} clampBehavior="none" value={priority} onChange={setPriority} error={valid ? undefined : "Use a whole number from 0 to 100."} data-autofocus />
      <div className={classes.acts}><Button type="submit" disabled={!valid} loading={set.isPending}>Set priority</Button></div>
    </form>
  );
}

const ANY = "*";

function MoveForm({ ids, onDone }: FormProps) {
  const trpc = useTRPC();
  const [cluster, setCluster] = useState<string>(ANY);
  const { data: clusters = [] } = useQuery(trpc.clusters.list.queryOptions());
  const move = useMutation(trpc.queue.move.mutationOptions({ onSuccess: onDone, onError: notifyError("Nothing was moved") }));
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); move.mutate({ ids, cluster: cluster === ANY ? null : cluster }); }}>
      <Select label="Cluster" description="Where the runs may go. What it cannot honour is refused." allowDeselect={false} data={[{ value: ANY, label: "Any that fits" }, ...clusters.map((one) => ({ value: one.slug, label: one.name }))]} value={cluster} onChange={(next) => setCluster(next ?? ANY)} data-autofocus />
      <div className={classes.acts}><Button type="submit" loading={move.isPending}>Move</Button></div>
    </form>
  );
}
