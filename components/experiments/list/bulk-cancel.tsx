"use client";
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { fewAtOnce, MAX_BULK } from "../../../domain/experiments/bulk.ts";
import { canMove } from "../../../domain/experiments/run-status.ts";
import type { Allowed, RunRow } from "../../../domain/experiments/run-view.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";

/** Cancels what can still be cancelled among the chosen rows, a few at a time, and says what was left out and why. */
export function BulkCancel({ runs, onDone }: { runs: RunRow[]; onDone: () => void }) {
  const trpc = useTRPC();
  const held = useCan("runs:cancel");
  const cancel = useMutation(trpc.experiments.cancel.mutationOptions());
  const [progress, setProgress] = useState<{ done: number; of: number } | null>(null);
  const live = runs.filter((run) => canMove(run.status, "cancel"));

  async function cancelAll(): Promise<void> {
    const of = live.length;
    setProgress({ done: 0, of });
    const refused = await fewAtOnce(live, (run) => cancel.mutateAsync({ id: run.id }), (done) => setProgress({ done, of }));
    setProgress(null);
    if (refused.length > 0) notifyError(`${plural(refused.length, "run")} not cancelled`)(refused[0]);
    if (refused.length < of) notifyDone(`Cancelling ${plural(of - refused.length, "run")}.`);
    onDone();
  }
  const ask = () =>
    confirmAct({
      title: `Cancel ${plural(live.length, "run")}?`,
      effect: (
        <>
          Queued runs end at once; processes are asked to stop, and killed after their grace period. Logs, metrics and artifacts stay.
          {live.length < runs.length && <> {plural(runs.length - live.length, "selected run")} {runs.length - live.length === 1 ? "has" : "have"} ended or {runs.length - live.length === 1 ? "is" : "are"} being cancelled already.</>}
        </>
      ),
      verb: `Cancel ${plural(live.length, "run")}`,
      onConfirm: () => void cancelAll(),
    });
  if (progress) return <Button color="red.9" disabled>{`Cancelling ${progress.done} of ${progress.of}`}</Button>;
  return <Guarded allowed={held.ok ? allowedFor(live.length) : held}><Button color="red.9" onClick={ask}>Cancel runs</Button></Guarded>;
}

function allowedFor(count: number): Allowed {
  if (count === 0) return { ok: false, reason: "All of them have ended or are being cancelled." };
  return count > MAX_BULK ? { ok: false, reason: `At most ${MAX_BULK} runs at once.` } : { ok: true };
}
