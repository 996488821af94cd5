"use client";
import { Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconPencil, IconPlayerPause, IconPlayerPlay, IconSend, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CADENCE_LABEL, isReport, isWebhook, type ScheduleView } from "../../../domain/costs/report-schedule.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { ActsMenu } from "../../ui/acts-menu.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { copyText } from "../../ui/copy-text.ts";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { whenWanted } from "../../ui/when-wanted.tsx";

const ChangeScheduleDialog = whenWanted((props: { schedule: ScheduleView; opened: boolean; onClose: () => void }) => props.opened, () => import("./schedule-form.tsx").then((module) => module.ChangeScheduleDialog));

export function ScheduleMenu({ schedule }: { schedule: ScheduleView }) {
  const trpc = useTRPC();
  const [opened, dialog] = useDisclosure(false);
  const { id, recipients } = schedule;
  const paused = schedule.pausedAt !== null;
  const name = `${CADENCE_LABEL[schedule.cadence]}, ${schedule.scope.label}`;
  const pause = useMutation(trpc.costs.pauseSchedule.mutationOptions({ onSuccess: () => notifyDone(paused ? "It is sent again from the next time on." : "Paused. Nothing is sent."), onError: notifyError("The schedule was not changed") }));
  const send = useMutation(trpc.costs.sendSchedule.mutationOptions({ onSuccess: () => notifyDone("On its way. The list below says what becomes of it."), onError: notifyError("It was not sent") }));
  const remove = useMutation(trpc.costs.deleteSchedule.mutationOptions({ onSuccess: () => notifyDone("The schedule was deleted."), onError: notifyError("The schedule was not deleted") }));
  const queries = useQueryClient();
  const copySecret = async () => {
    const { secret } = await queries.fetchQuery(trpc.costs.scheduleSecret.queryOptions({ id }));
    await copyText(secret);
    notifyDone("Copied. The receiver checks x-mlflow-signature with it.");
  };
  const icon = { size: 15, stroke: 1.7 };
  return (
    <>
      <ActsMenu of={name}>
        {isReport(schedule.cadence) && <Menu.Item leftSection={<IconSend {...icon} />} onClick={() => confirmAct({ title: "Send it now?", effect: `The newest report that was due goes to ${plural(recipients.length, "recipient")}: ${recipients.join(", ")}.`, verb: "Send now", dangerous: false, onConfirm: () => send.mutate({ id }) })}>Send now</Menu.Item>}
        <Menu.Item leftSection={<IconPencil {...icon} />} onClick={dialog.open}>Change addresses</Menu.Item>
        <Menu.Item leftSection={paused ? <IconPlayerPlay {...icon} /> : <IconPlayerPause {...icon} />} onClick={() => pause.mutate({ id, paused: !paused })}>{paused ? "Resume" : "Pause"}</Menu.Item>
        {recipients.some(isWebhook) && <Menu.Item leftSection={<IconKey {...icon} />} onClick={() => void copySecret().catch(notifyError("The secret was not copied"))}>Copy webhook secret</Menu.Item>}
        <Menu.Item leftSection={<IconTrash {...icon} />} onClick={() => confirmAct({ title: "Delete this schedule?", effect: `${name}: nothing is sent any more, and the list of what it sent goes too.`, verb: "Delete schedule", onConfirm: () => remove.mutate({ id }) })}>Delete</Menu.Item>
      </ActsMenu>
      <ChangeScheduleDialog schedule={schedule} opened={opened} onClose={dialog.close} />
    </>
  );
}
