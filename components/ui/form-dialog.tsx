"use client";
import { Modal } from "@mantine/core";
import { type ReactNode, Suspense } from "react";

export interface FormDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** In pixels. */
  width: number;
  children: ReactNode;
}

/** A dialog that keeps its place while the form in it is fetched. */
export function FormDialog({ opened, onClose, title, width, children }: FormDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={width}>
      <Suspense fallback={<div style={{ minHeight: 240 }} aria-busy="true" />}>{children}</Suspense>
    </Modal>
  );
}
