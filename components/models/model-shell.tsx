"use client";
import { Button, Skeleton } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ModelDetail } from "../../domain/models/model-view.ts";
import { plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Id } from "../ui/id.tsx";
import { KeyFacts } from "../ui/key-facts.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";
import { Ago } from "../ui/time.tsx";
import { DescribeButton } from "./describe.tsx";
import { Aliases } from "./marks.tsx";
import { useModel, useRefreshModels } from "./use-model.ts";

/** What both tabs of a model share: name, words, the acts, the facts. */
export function ModelShell({ id, children }: { id: string; children: React.ReactNode }) {
  const org = useOrg();
  const model = useModel(id);
  const tabs = [{ href: paths.model(org, id), label: "Versions", count: model.versionCount }, { href: paths.modelTimeline(org, id), label: "Timeline" }];
  return (
    <>
      <PageHeader title={model.name} breadcrumbs={[{ label: "Models", href: paths.models(org) }]} subtitle={model.description ?? undefined} actions={<Acts model={model} />} />
      <KeyFacts items={factsOf(model)} />
      <TabLinks tabs={tabs} label="Model" />
      {children}
    </>
  );
}

function factsOf(model: ModelDetail) {
  const tags = Object.entries(model.tags);
  return [
    { label: "Latest version", value: model.latestVersion ?? "—" },
    { label: "Aliases", value: <Aliases aliases={model.aliases} /> },
    { label: "Project", value: model.project.name },
    { label: "Registered by", value: model.createdBy },
    { label: "Registered", value: <Ago at={model.createdAt} /> },
    { label: "Changed", value: <Ago at={model.updatedAt} /> },
    ...(tags.length > 0 ? [{ label: "Tags", value: tags.map(([key, value]) => `${key}=${value}`).join(", ").slice(0, 120) }] : []),
    { label: "Load it", value: <Id value={`${model.isPrompt ? "prompts" : "models"}:/${model.name}/${model.latestVersion ?? 1}`} max={28} label="Copy URI" /> },
  ];
}

function Acts({ model }: { model: ModelDetail }) {
  const trpc = useTRPC();
  const org = useOrg();
  const router = useRouter();
  const refresh = useRefreshModels();
  const remove = useMutation(trpc.models.remove.mutationOptions({
    onSuccess: () => {
      notifyDone(`${model.name} deleted.`);
      router.push(paths.models(org));
      return refresh();
    },
    onError: notifyError(`${model.name} was not deleted`),
  }));
  const ask = () => confirmAct({
    title: `Delete ${model.name}?`,
    effect: <>The name, {plural(model.versionCount, "version")}, aliases and the timeline go, and whoever loads it by name gets an error. Files of runs stay; the audit log keeps what it was.</>,
    verb: "Delete model",
    onConfirm: () => remove.mutate({ id: model.id }),
  });
  return (
    <>
      <DescribeButton id={model.id} name={model.name} description={model.description} allowed={model.can.write} />
      <Guarded allowed={model.can.promote}><Button variant="default" loading={remove.isPending} onClick={ask}>Delete</Button></Guarded>
    </>
  );
}

export function ModelShellSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading model">
      <Skeleton width={280} height={26} mb={16} />
      <Skeleton height={52} mb={16} />
      <Skeleton width={240} height={34} mb={16} />
      <Skeleton height={240} />
    </div>
  );
}
