"use client";
import { Button, Modal, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { MAX_BULK } from "../../../domain/experiments/bulk.ts";
import type { TableRow } from "../../../domain/experiments/table-view.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyError } from "../../ui/notify.ts";
import { randomId } from "../../ui/random-id.ts";
import { archiveUndoably } from "./archive-undoably.ts";
import { BulkCancel } from "./bulk-cancel.tsx";
import { CompareButton } from "./compare-button.tsx";

/** What can be done with the chosen rows. What is free to undo offers it. */
export function BulkActs({ runs, archived, onDone }: { runs: TableRow[]; archived: boolean; onDone: () => void }) {
  const ids = runs.map(({ id }) => id);
  return (
    <>
      <CompareButton ids={ids} />
      <TagButton ids={ids} onDone={onDone} />
      <ArchiveButton ids={ids} archived={archived} onDone={onDone} />
      {!archived && <BulkCancel runs={runs} onDone={onDone} />}
    </>
  );
}

/** Not held, or more than one request may change. */
function useAllowed(count: number) {
  const held = useCan("runs:annotate");
  return held.ok && count > MAX_BULK ? ({ ok: false, reason: `At most ${MAX_BULK} runs at once.` } as const) : held;
}

function undoable(message: string, undo: () => void): void {
  const id = randomId();
  notifications.show({
    id, color: "heather", withBorder: true, autoClose: 10_000,
    message: <span style={{ display: "flex", alignItems: "center", gap: 12 }}>{message}<Button size="compact-xs" variant="default" onClick={() => {
      notifications.hide(id);
      undo();
    }}>Undo</Button></span>,
  });
}

function ArchiveButton({ ids, archived, onDone }: { ids: string[]; archived: boolean; onDone: () => void }) {
  const trpc = useTRPC();
  const allowed = useAllowed(ids.length);
  const word = archived ? "restored" : "archived";
  const archive = useMutation(trpc.table.archive.mutationOptions({ onError: notifyError(`The runs were not ${word}`) }));
  const act = () => void archiveUndoably(ids, !archived, { change: archive.mutateAsync, done: onDone, offer: (changed, undo) => undoable(`${plural(changed, "run")} ${word}.`, undo) }).catch(() => {}); // told by onError
  return <Guarded allowed={allowed}><Button variant="default" loading={archive.isPending} onClick={act}>{archived ? "Take out of archive" : "Archive"}</Button></Guarded>;
}

function TagButton({ ids, onDone }: { ids: string[]; onDone: () => void }) {
  const trpc = useTRPC();
  const allowed = useAllowed(ids.length);
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const tag = useMutation(trpc.table.tag.mutationOptions({ onError: notifyError("The tags were not changed") }));
  const apply = (change: { set?: Record<string, string>; remove?: string[] }, said: string) =>
    tag.mutate({ ids, ...change }, {
      onSuccess: (before) => {
        setOpen(false);
        onDone();
        undoable(said, () => void restore(before.map(({ id, before: old }) => ({ id, value: old[key.trim()] ?? null }))).catch(() => {}));
      },
    });
  /** Each run gets back what it had. */
  async function restore(old: { id: string; value: string | null }[]): Promise<void> {
    const name = key.trim();
    for (const group of Map.groupBy(old, (one) => one.value)) {
      const [was, some] = group;
      await tag.mutateAsync({ ids: some.map(({ id }) => id), ...(was === null ? { remove: [name] } : { set: { [name]: was } }) });
    }
    onDone();
  }
  return (
    <>
      <Guarded allowed={allowed}><Button variant="default" onClick={() => setOpen(true)}>Tag</Button></Guarded>
      <Modal opened={open} onClose={() => setOpen(false)} title={`Tag ${plural(ids.length, "run")}`}>
        <form style={{ display: "grid", gap: 12 }} onSubmit={(event) => {
          event.preventDefault();
          if (key.trim()) apply({ set: { [key.trim()]: value } }, `${plural(ids.length, "run")} tagged ${key.trim()} = ${value || "empty"}.`);
        }}>
          <TextInput label="Tag" value={key} onChange={(event) => setKey(event.currentTarget.value)} maxLength={250} placeholder="stage" data-autofocus required />
          <TextInput label="Value" value={value} onChange={(event) => setValue(event.currentTarget.value)} maxLength={5000} placeholder="baseline" />
          <div style={{ display: "flex", gap: 8, justifyContent: "flex-end" }}>
            <Button variant="default" disabled={!key.trim()} loading={tag.isPending} onClick={() => apply({ remove: [key.trim()] }, `Tag ${key.trim()} taken off ${plural(ids.length, "run")}.`)}>Take tag off</Button>
            <Button type="submit" disabled={!key.trim()} loading={tag.isPending}>Set tag</Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
