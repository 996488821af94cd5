"use client";
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { BUDGET_SCOPE_LABEL, type BudgetScope } from "../../domain/costs/budget.ts";
import { useTRPC } from "../providers/api.tsx";
import { useViewer } from "../providers/viewer.tsx";

/** Which team, project or person something about money is of. */
export function ScopeSelect({ type, value, error, onChange }: { type: Exclude<BudgetScope, "org">; value: string | null; error: string | undefined; onChange: (id: string | null) => void }) {
  const trpc = useTRPC();
  const viewer = useViewer();
  const people = useQuery({ ...trpc.access.people.queryOptions({ limit: 200 }), enabled: type === "user" }).data?.items ?? [];
  const teams = useQuery({ ...trpc.access.teams.queryOptions(), enabled: type === "team" }).data ?? [];
  const data = { team: teams.filter((one) => !one.archivedAt), project: viewer.projects, user: people }[type].map((one) => ({ value: one.id, label: one.name }));
  return <Select label={BUDGET_SCOPE_LABEL[type]} placeholder="Choose" searchable nothingFoundMessage="None by this name" data={data} value={value} error={error} onChange={onChange} />;
}
