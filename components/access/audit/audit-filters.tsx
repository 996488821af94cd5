"use client";
import { Button, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { AUDIT_ACTIONS } from "../../../domain/access/audit-actions.ts";
import { auditWords } from "../../../domain/access/audit-words.ts";
import { useTRPC } from "../../providers/api.tsx";
import { DayPicker } from "../../form/day-picker.tsx";
import { FilterBar, FilterText } from "../../ui/filters.tsx";
import { peopleInput } from "../people/people-params.ts";
import { auditParams, isAuditNarrowed } from "./audit-params.ts";

const OBJECTS = [...new Set(AUDIT_ACTIONS.map((action) => action.split(".")[0]!))];
const OBJECT_WORDS: Record<string, string> = {
  org: "Organization", team: "Teams", project: "Projects", member: "Members", "service-account": "Service accounts", token: "Tokens",
  cluster: "Clusters", node: "Nodes", run: "Runs", model: "Models", webhook: "Webhooks", user: "Accounts", denied: "Refused",
};
const ACTIONS = OBJECTS.map((object) => ({
  group: OBJECT_WORDS[object] ?? object,
  items: [
    { value: object, label: `${OBJECT_WORDS[object] ?? object}: anything` },
    ...AUDIT_ACTIONS.filter((action) => action.startsWith(`${object}.`)).map((action) => ({ value: action, label: auditWords(action) })),
  ],
}));

/** Who, what, to what, from and to; all of it in the URL. */
export function AuditFilters() {
  const [{ entry: _, ...params }, setParams] = useQueryStates(auditParams);
  return (
    <FilterBar>
      <FilterText value={params.target} onChange={(target) => void setParams({ target: target || null })} placeholder="Id of the target" />
      <WhoFilter value={params.actor} onChange={(actor) => void setParams({ actor })} />
      <Select aria-label="Action" placeholder="Any action" data={ACTIONS} value={params.action} onChange={(action) => void setParams({ action })} clearable clearButtonProps={{ "aria-label": "Any action" }} searchable w={210} />
      <DayPicker aria-label="From day, UTC" placeholder="From (UTC)" value={isoDay(params.from)} onChange={(day) => void setParams({ from: day ? new Date(day) : null })} maxDate={isoDay(params.to) ?? undefined} valueFormat="D MMM YYYY" clearable clearButtonProps={{ "aria-label": "From any day" }} w={140} size="xs" />
      <DayPicker aria-label="To day, UTC" placeholder="To (UTC)" value={isoDay(params.to)} onChange={(day) => void setParams({ to: day ? new Date(day) : null })} minDate={isoDay(params.from) ?? undefined} valueFormat="D MMM YYYY" clearable clearButtonProps={{ "aria-label": "To any day" }} w={140} size="xs" />
      {isAuditNarrowed(params) && <Button variant="subtle" color="gray" onClick={() => void setParams({ actor: null, action: null, target: null, from: null, to: null })}>Clear filters</Button>}
    </FilterBar>
  );
}

/** The day of a Date that stands for midnight UTC. */
const isoDay = (day: Date | null): string | null => (day ? day.toISOString().slice(0, 10) : null);

/** People by name, searched on the server; an actor that is not a member (any more) keeps their id as the label. */
function WhoFilter({ value, onChange }: { value: string | null; onChange: (id: string | null) => void }) {
  const trpc = useTRPC();
  const [search, setSearch] = useState("");
  const [asked] = useDebouncedValue(search, 200);
  const { data } = useQuery(trpc.access.people.queryOptions(peopleInput(asked), { placeholderData: keepPreviousData }));
  const people = (data?.items ?? []).map((person) => ({ value: person.id, label: person.name }));
  const system = { value: "system", label: "Drover" };
  const known = [...people, system];
  const items = value && !known.some((one) => one.value === value) ? [{ value, label: value }, ...known] : known;
  return (
    <Select aria-label="Who" placeholder="Anybody" data={items} value={value} onChange={onChange} searchable onSearchChange={setSearch} clearable clearButtonProps={{ "aria-label": "Anybody" }} nothingFoundMessage="Nobody by this name" w={180} />
  );
}
