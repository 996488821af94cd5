"use client";
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { OutsideAccount } from "../../domain/costs/cost-view.ts";
import { formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useViewer } from "../providers/viewer.tsx";
import { notifyDone } from "../ui/notify.ts";
import classes from "./costs.module.css";

const NONE = "none";

/** Which project, and so which team, pays for jobs of an account from outside, or of one of its users. */
export function NameAccountForm({ row, onDone }: { row: OutsideAccount; onDone: () => void }) {
  const trpc = useTRPC();
  const { projects } = useViewer();
  const teams = useQuery(trpc.access.teams.queryOptions()).data ?? [];
  const [projectId, setProject] = useState(row.projectId);
  const open = projects.filter(({ id, archived }) => !archived || id === row.projectId);
  const none = row.user === null ? "Nobody of Drover" : "As its account";
  const ofTeams = teams.map((team) => ({ group: team.name, items: open.filter(({ teamId }) => teamId === team.id).map((one) => ({ value: one.id, label: one.name })) })).filter(({ items }) => items.length > 0);
  const data = [{ value: NONE, label: none }, ...ofTeams];
  const name = useMutation(trpc.costs.nameAccount.mutationOptions({
    onSuccess: () => {
      notifyDone("Said. It holds for jobs that are first seen from now on.");
      onDone();
    },
  }));
  const submit = () => name.mutate({ clusterId: row.clusterId, account: row.account, ...(row.user === null ? {} : { user: row.user }), projectId });
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {name.error && <FormAlert message={formError(name.error)} />}
      <Select label="Project" description={`Of the team whose budgets these jobs on ${row.cluster} fall to.`} data={data} value={projectId ?? NONE} searchable allowDeselect={false} nothingFoundMessage="None by this name" onChange={(next) => setProject(next === NONE ? null : next)} />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={name.isPending} disabled={projectId === row.projectId}>Save</Button></div>
    </form>
  );
}
