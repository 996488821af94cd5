"use client";
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { canMove } from "../../../domain/experiments/run-status.ts";
import type { RunRow } from "../../../domain/experiments/run-view.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";

/** Cancels what can still be cancelled among the chosen rows, and says what was left out and why. */
export function BulkCancel({ runs, onDone }: { runs: RunRow[]; onDone: () => void }) {
  const trpc = useTRPC();
  const held = useCan("runs:cancel");
  const cancel = useMutation(trpc.experiments.cancel.mutationOptions());
  const live = runs.filter((run) => canMove(run.status, "cancel"));
  const allowed = !held.ok ? held : live.length > 0 ? ({ ok: true } as const) : ({ ok: false, reason: "All of them have ended or are being cancelled." } as const);

  async function cancelAll(): Promise<void> {
    const results = await Promise.allSettled(live.map((run) => cancel.mutateAsync({ id: run.id })));
    const refused = results.filter((result) => result.status === "rejected");
    if (refused[0]) notifyError(`${plural(refused.length, "run")} not cancelled`)(refused[0].reason);
    if (refused.length < live.length) notifyDone(`Cancelling ${plural(live.length - refused.length, "run")}.`);
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
  return <Guarded allowed={allowed}><Button color="red.9" loading={cancel.isPending} onClick={ask}>Cancel runs</Button></Guarded>;
}
