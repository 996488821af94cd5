"use client";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { RUN_STATUSES, type RunStatus } from "../../../domain/experiments/run-status.ts";
import { LateSelect } from "../../form/late-select.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { Chip, FilterBar, FilterText } from "../../ui/filters.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import { STATUS_LOOK } from "../../ui/status-tones.ts";
import { isNarrowed, NO_FILTERS, runsParams, scopeOf } from "../runs-params.ts";

/** Always offered; the rarer ones show while a run has them. */
const USUAL: RunStatus[] = ["queued", "running", "succeeded", "failed"];

/** Text, statuses with their counts, mine, experiment: all of it in the URL. */
export function RunsFilters() {
  const trpc = useTRPC();
  const [params, setParams] = useQueryStates(runsParams);
  const counts = useSuspenseQuery(trpc.experiments.counts.queryOptions(scopeOf(params.project))).data;
  const groups = useQuery(trpc.experiments.groups.queryOptions(scopeOf(params.project))).data ?? [];
  const toggle = (status: RunStatus) => void setParams({ status: params.status.includes(status) ? params.status.filter((one) => one !== status) : [...params.status, status] });
  const shown = RUN_STATUSES.filter((status) => USUAL.includes(status) || counts[status] > 0 || params.status.includes(status));
  return (
    <FilterBar>
      <FilterText value={params.q} onChange={(q) => void setParams({ q: q || null })} placeholder="Name, id or key=value" />
      {shown.map((status) => (
        <Chip key={status} on={params.status.includes(status)} onToggle={() => toggle(status)} count={counts[status]}>
          <ToneIcon icon={STATUS_LOOK[status].icon} tone={STATUS_LOOK[status].tone} size={12} />
          {STATUS_LOOK[status].word}
        </Chip>
      ))}
      <Chip on={params.owner === "me"} onToggle={() => void setParams({ owner: params.owner ? null : "me" })}>Mine</Chip>
      {groups.length > 0 && (
        <LateSelect
          aria-label="Experiment"
          placeholder="Any experiment"
          data={groups.map((group) => ({ value: group.id, label: params.project ? group.name : `${group.name} · ${group.project.name}` }))}
          value={params.experiment}
          onChange={(experiment) => void setParams({ experiment })}
          clearable
          clearButtonProps={{ "aria-label": "Any experiment" }}
          searchable
          w={160}
        />
      )}
      {isNarrowed(params) && <Button variant="subtle" color="gray" onClick={() => void setParams(NO_FILTERS)}>Clear filters</Button>}
    </FilterBar>
  );
}
