"use client";
import { Button } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { hasApp, INTERACTIVE_PRESETS, type InteractiveApp } from "../../../domain/experiments/interactive.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyError } from "../../ui/notify.ts";

/** The way into an interactive run: its app in a tab of its own, or its terminal. */
export function EnterButton({ run, app }: { run: RunDetail; app: InteractiveApp }) {
  const org = useOrg();
  const { opens } = INTERACTIVE_PRESETS[app];
  if (hasApp(app)) return <OpenAppButton run={run} label={opens} />;
  return <Guarded allowed={run.can.interact}><Button component={Link} href={paths.runTab(org, run.id, "terminal")}>{opens}</Button></Guarded>;
}

function OpenAppButton({ run, label }: { run: RunDetail; label: string }) {
  const trpc = useTRPC();
  const open = useMutation(trpc.interactive.open.mutationOptions({ onError: notifyError(`${run.name} was not opened`) }));
  function go(): void {
    const tab = window.open("", "_blank"); // now, while the click counts: a later one would be a pop-up
    if (tab) tab.opener = null; // what is shown there must not reach this page
    open.mutate({ id: run.id }, { onSuccess: ({ url }) => (tab ? (tab.location.href = url) : window.location.assign(url)), onError: () => tab?.close() });
  }
  return <Guarded allowed={run.can.interact}><Button loading={open.isPending} onClick={go} rightSection={<IconExternalLink size={14} />}>{label}</Button></Guarded>;
}
