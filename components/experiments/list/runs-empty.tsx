"use client";
import { Button } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import Link from "next/link";
import { paths } from "../../../paths.ts";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Guarded } from "../../ui/guarded.tsx";

/** Nothing was ever run here, or nothing matches. */
export function RunsEmpty({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  if (narrowed) return <EmptyState title="No run matches" action={<Button variant="default" onClick={onClear}>Clear filters</Button>}>Text looks in names, whole run ids, and parameters and tags written as key=value.</EmptyState>;
  return (
    <EmptyState title="No runs yet" icon={<IconPlayerPlay size={28} stroke={1.5} />} command="./drover run examples/digits/run.yaml --follow" action={<NewRunButton />}>
      Every training run, test or script that you submit shows up here: its status, numbers, log and files.
    </EmptyState>
  );
}

/** The page's primary action; off, with what is missing, for those who may only look. */
export function NewRunButton() {
  const org = useOrg();
  const allowed = useCan("runs:submit");
  return (
    <Guarded allowed={allowed}>
      <Button component={Link} href={paths.newRun(org)}>New run</Button>
    </Guarded>
  );
}
