"use client";
import { Button, Menu } from "@mantine/core";
import { IconBookmark, IconBookmarkFilled, IconLink, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { lazy, useState } from "react";
import { isChanged, type SavedView, type ViewPage, viewQuery, viewState } from "../../domain/experiments/saved-view.ts";
import { useTRPC } from "../providers/api.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { copyText } from "../ui/copy-text.ts";
import { FormDialog } from "../ui/dialog-button.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";

const NewView = lazy(() => import("./new-view.tsx").then((module) => ({ default: module.NewView })));

/** What the page shows, under a name: open one, save this one, share it in the project. */
export function ViewsMenu({ page, project }: { page: ViewPage; project: string | null }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const router = useRouter();
  const path = usePathname();
  const query = useSearchParams();
  const [naming, setNaming] = useState(false);
  const { data: views = [] } = useQuery(trpc.views.list.queryOptions({ page, ...(project ? { project } : {}) }));
  const refresh = () => client.invalidateQueries(trpc.views.list.pathFilter());
  const update = useMutation(trpc.views.update.mutationOptions({ onSuccess: refresh, onError: notifyError("The view was not saved") }));
  const remove = useMutation(trpc.views.delete.mutationOptions({ onSuccess: refresh, onError: notifyError("The view was not deleted") }));
  const current = views.find(({ id }) => id === query.get("view"));
  const changed = current ? isChanged(current, query.toString()) : false;
  const open = (view: SavedView) => router.push(`${path}?${viewQuery(view)}`);
  const copy = () => void copyText(window.location.href).then(() => notifyDone("The link is in the clipboard."), notifyError("The link was not copied"));
  const ask = (view: SavedView) => confirmAct({ title: `Delete the view ${view.name}?`, effect: view.sharing === "project" ? "It goes away for everybody in the project. Links to it stop working." : "Links to it stop working.", verb: "Delete view", onConfirm: () => remove.mutate({ id: view.id }) });
  const group = (title: string, some: SavedView[]) => some.length > 0 && (
    <>
      <Menu.Label>{title}</Menu.Label>
      {some.map((view) => <Menu.Item key={view.id} onClick={() => open(view)} rightSection={view.id === current?.id ? "·" : undefined}>{view.name}{view.mine ? "" : ` · ${view.owner}`}</Menu.Item>)}
    </>
  );
  return (
    <>
      <Menu>
        <Menu.Target><Button variant="default" leftSection={current ? <IconBookmarkFilled size={14} /> : <IconBookmark size={14} />}>{current ? `${current.name}${changed ? " (changed)" : ""}` : "Views"}</Button></Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
          {group("Mine", views.filter(({ sharing }) => sharing === "private"))}
          {group("Shared in the project", views.filter(({ sharing }) => sharing === "project"))}
          {views.length > 0 && <Menu.Divider />}
          {current?.mine && changed && <Menu.Item onClick={() => update.mutate({ id: current.id, state: viewState(query.toString()) })}>Save changes to {current.name}</Menu.Item>}
          <Menu.Item onClick={() => setNaming(true)}>Save as a view …</Menu.Item>
          <Menu.Item leftSection={<IconLink size={14} />} onClick={copy}>Copy link</Menu.Item>
          {current?.removable && <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => ask(current)}>Delete {current.name}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <FormDialog opened={naming} onClose={() => setNaming(false)} title="Save as a view" width={440}>
        <NewView page={page} project={project} state={viewState(query.toString())} onSaved={(id) => {
          setNaming(false);
          void refresh();
          const next = new URLSearchParams(query.toString());
          next.set("view", id);
          router.replace(`${path}?${next.toString()}`);
        }} />
      </FormDialog>
    </>
  );
}
