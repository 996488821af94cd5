"use client";
import { Button, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import type { FormDialogProps } from "./form-dialog.tsx";
import { Guarded } from "./guarded.tsx";
import { whenWanted } from "./when-wanted.tsx";

/** A dialog with a form, fetched when it is first opened. */
export const FormDialog = whenWanted(({ opened }: FormDialogProps) => opened, () => import("./form-dialog.tsx").then((module) => module.FormDialog));

interface Props extends ButtonProps {
  label: string;
  /** Of the dialog; the button's own words where it says the same. */
  title?: string;
  allowed: Allowed;
  /** What the dialog holds; it may be lazy too. */
  form: (close: () => void) => ReactNode;
  /** Of the dialog, in pixels. */
  width?: number;
}

/** A button that opens a form, and closes it when the form says that it is done. */
export function DialogButton({ label, title = label, allowed, form, width = 480, ...look }: Props) {
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Guarded allowed={allowed}><Button {...look} onClick={allowed.ok ? dialog.open : undefined}>{label}</Button></Guarded>
      <FormDialog opened={opened} onClose={dialog.close} title={title} width={width}>{form(dialog.close)}</FormDialog>
    </>
  );
}
