"use client";
import { Button, Drawer, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { isId } from "../../../domain/shared/id-format.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { Num } from "../../ui/sizes.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { RunFacts } from "../run/run-facts.tsx";
import { LogTail } from "../run/log-tail.tsx";
import { RunWhy } from "../run/run-why.tsx";
import { Pairs } from "../run/pairs.tsx";

/** A look at one run without leaving the list. */
export function RunPeek({ id, onClose }: { id: string | null; onClose: () => void }) {
  const known = id && isId("run", id) ? id : null;
  return (
    <Drawer opened={known !== null} onClose={onClose} position="right" size={560} title="Run">
      {known && <PeekBody id={known} />}
    </Drawer>
  );
}

function PeekBody({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const { data: run, error, refetch } = useQuery(trpc.experiments.get.queryOptions({ id }));
  if (error) return <ErrorBox what="The run could not be loaded" error={error} retry={() => void refetch()} />;
  if (!run) return <Skeleton height={320} />;
  return (
    <div style={{ display: "grid", gap: 16 }}>
      <div style={{ display: "flex", gap: 12, alignItems: "center", flexWrap: "wrap" }}>
        <strong style={{ overflowWrap: "anywhere" }}>{run.name}</strong>
        <StatusBadge status={run.status} />
        <span style={{ flex: 1 }} />
        <Button component={Link} href={paths.run(org, run.id)} data-autofocus>Open run</Button>
      </div>
      <RunWhy run={run} />
      <RunFacts run={run} short />
      {run.metrics.length > 0 && <Pairs label="Last metrics" items={run.metrics.map(({ key, last }) => [key, <Num key={key} value={last} />] as const)} />}
      <LogTail run={run} lines={12} />
    </div>
  );
}
