"use client";
import { Autocomplete, Button, Select, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { modelPaths } from "../../domain/models/artifact-paths.ts";
import { MODEL_LIMITS } from "../../domain/models/registry.ts";
import { paths } from "../../paths.ts";
import { fieldErrors, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { notifyDone } from "../ui/notify.ts";
import classes from "./models.module.css";
import { useRefreshModels } from "./use-model.ts";

interface Source {
  run: { id: string; name: string; project: { id: string; slug: string; name: string } };
  /** Paths of the run's artifacts. */
  files: readonly string[];
}

/** Makes what a run left a version of a model. */
export function RegisterForm({ run, files, onClose }: Source & { onClose: () => void }) {
  const trpc = useTRPC();
  const org = useOrg();
  const router = useRouter();
  const refresh = useRefreshModels();
  const places = modelPaths(files);
  const [name, setName] = useState("");
  const [path, setPath] = useState<string | null>(places[0] ?? null);
  const [description, setDescription] = useState("");
  const known = useQuery(trpc.models.list.queryOptions({ project: run.project.slug, limit: 200 })).data?.items ?? [];
  const register = useMutation(trpc.models.register.mutationOptions({
    onSuccess: async ({ id, version }) => {
      await refresh();
      notifyDone(`Version ${version} of ${name} is registered.`);
      router.push(paths.modelVersion(org, id, version));
    },
  }));
  const errors: Record<string, string> = register.error ? fieldErrors(register.error) : {};
  const exists = known.some((one) => one.name === name.trim());
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); register.mutate({ runId: run.id, path: path ?? "", name: name.trim(), description }); }}>
      {register.error && Object.keys(errors).length === 0 && <FormAlert message={formError(register.error)} />}
      <Autocomplete label="Model" description={exists ? "It becomes its next version." : `A new one in ${run.project.name}, or the name of one that is there.`} placeholder="churn" data={known.map((one) => one.name)} value={name} error={errors.name} maxLength={MODEL_LIMITS.name} onChange={setName} data-autofocus />
      <Select label="Folder or file" searchable data={places} value={path} error={errors.path} onChange={setPath} nothingFoundMessage="The run left nothing by this name" />
      <Textarea label="Description" placeholder="What changed, what it was trained on" autosize minRows={2} maxRows={8} maxLength={MODEL_LIMITS.description} value={description} error={errors.description} onChange={(event) => setDescription(event.currentTarget.value)} />
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button type="submit" loading={register.isPending} disabled={name.trim() === "" || path === null}>Register version</Button>
      </div>
    </form>
  );
}
