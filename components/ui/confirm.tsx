"use client";
import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { dialogsReady } from "./dialogs-ready.ts";

/**
 * Ask before what cannot be undone. The title names the thing ("Cancel llama-sft-7?"), `effect` says what will happen, the button
 * repeats the verb. Cancel is focused first.
 */
export function confirmAct({ title, effect, verb, onConfirm, dangerous = true }: { title: string; effect: React.ReactNode; verb: string; onConfirm: () => void; dangerous?: boolean }): void {
  const dialog = {
    title,
    children: <Text size="sm" component="div">{effect}</Text>,
    labels: { confirm: verb, cancel: "Keep as is" },
    cancelProps: { "data-autofocus": true },
    confirmProps: dangerous ? { color: "red.9" } : {},
    onConfirm,
  };
  void dialogsReady.then(() => modals.openConfirmModal(dialog));
}
