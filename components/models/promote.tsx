"use client";
import { Button, Checkbox, Modal, Select, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import { ACTIVE_STAGES, aliasProblem, type Stage, STAGES } from "../../domain/models/registry.ts";
import { useTRPC } from "../providers/api.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import classes from "./models.module.css";
import { useRefreshModels } from "./use-model.ts";

interface Promoted {
  id: string;
  name: string;
  version: number;
  stage: Stage;
}

/** Sets an alias or a stage, after saying what that means. */
export function PromoteButtons({ allowed, compact, ...of }: Promoted & { allowed: Allowed; compact?: boolean }) {
  const [alias, aliasDialog] = useDisclosure(false);
  const [stage, stageDialog] = useDisclosure(false);
  const size = compact ? "compact-xs" : undefined;
  const look = size ? { size } : {};
  const which = `version ${of.version}`;
  return (
    <span className={classes.acts}>
      <Guarded allowed={allowed}><Button variant="default" {...look} onClick={stageDialog.open} aria-label={`Move ${which} to a stage`}>Move</Button></Guarded>
      <Guarded allowed={allowed}><Button {...(compact ? { variant: "default" } : {})} {...look} onClick={aliasDialog.open} aria-label={`Set alias on ${which}`}>Set alias</Button></Guarded>
      <Modal opened={alias} onClose={aliasDialog.close} title={`Set an alias on ${of.name} ${which}`} size={460}><AliasForm {...of} onClose={aliasDialog.close} /></Modal>
      <Modal opened={stage} onClose={stageDialog.close} title={`Move ${of.name} ${which}`} size={460}><StageForm {...of} onClose={stageDialog.close} /></Modal>
    </span>
  );
}

function AliasForm({ id, name, version, onClose }: Promoted & { onClose: () => void }) {
  const trpc = useTRPC();
  const refresh = useRefreshModels();
  const [alias, setAlias] = useState("");
  const problem = alias === "" ? null : aliasProblem(alias);
  const save = useMutation(trpc.models.setAlias.mutationOptions({
    onSuccess: () => {
      notifyDone(`@${alias} is ${name} version ${version} now.`);
      onClose();
      return refresh();
    },
    onError: notifyError("The alias was not set"),
  }));
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); if (alias !== "" && !problem) save.mutate({ id, version, alias }); }}>
      <TextInput label="Alias" description={`Whoever loads models:/${name}@alias gets this version from then on. An alias that points elsewhere moves here.`} placeholder="champion" value={alias} error={problem} onChange={(event) => setAlias(event.currentTarget.value.trim())} data-autofocus />
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Keep as is</Button>
        <Button type="submit" loading={save.isPending} disabled={alias === "" || problem !== null}>Set alias</Button>
      </div>
    </form>
  );
}

function StageForm({ id, name, version, stage: now, onClose }: Promoted & { onClose: () => void }) {
  const trpc = useTRPC();
  const refresh = useRefreshModels();
  const [stage, setStage] = useState<Stage>(now === "None" ? "Staging" : now === "Staging" ? "Production" : "Archived");
  const [archive, setArchive] = useState(true);
  const serves = ACTIVE_STAGES.includes(stage);
  const save = useMutation(trpc.models.move.mutationOptions({
    onSuccess: () => {
      notifyDone(`${name} version ${version} is in ${stage}.`);
      onClose();
      return refresh();
    },
    onError: notifyError("The version was not moved"),
  }));
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); save.mutate({ id, version, stage, archiveOthers: serves && archive }); }}>
      <Select label="Stage" description={`It is in ${now} now.`} data={STAGES.filter((one) => one !== now)} value={stage} onChange={(value) => value && setStage(value as Stage)} allowDeselect={false} data-autofocus />
      {serves && <Checkbox label={`Archive the versions that are in ${stage}`} checked={archive} onChange={(event) => setArchive(event.currentTarget.checked)} />}
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Keep as is</Button>
        <Button type="submit" loading={save.isPending}>Move to {stage}</Button>
      </div>
    </form>
  );
}
