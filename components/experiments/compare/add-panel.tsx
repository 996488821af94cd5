"use client";
import { IconPlus } from "@tabler/icons-react";
import { lazy } from "react";
import type { Panel } from "../../../domain/experiments/compare/workspace.ts";
import { DialogButton } from "../../ui/dialog-button.tsx";

const PanelForm = lazy(() => import("./panel-form.tsx").then((module) => ({ default: module.PanelForm })));

export function AddPanel({ onAdd }: { onAdd: (panel: Panel) => void }) {
  return (
    <DialogButton
      variant="default" leftSection={<IconPlus size={14} />} label="Add chart" title="Add a chart" allowed={{ ok: true }} width={440}
      form={(close) => <PanelForm onAdd={(panel) => {
        onAdd(panel);
        close();
      }} />}
    />
  );
}
