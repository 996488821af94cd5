"use client";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { IconKeyboard, IconSearch, IconServer2 } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg, useViewer } from "../providers/viewer.tsx";
import { ToneIcon } from "../ui/status-badge.tsx";
import { STATUS_LOOK } from "../ui/status-tones.ts";
import { onCommandK } from "./command-k-signal.ts";
import { openKeysHelp } from "./keys-help.tsx";
import { foundSoFar } from "./found-so-far.ts";
import { actsOf, placesOf } from "./pages.ts";

interface Command {
  id: string;
  label: string;
  detail?: string;
  icon: React.ReactNode;
  run: () => void;
}

/** Every page, run, cluster and act, by typing. Runs are searched on the server. */
export function CommandK() {
  const [query, setQuery] = useState("");
  useEffect(() => {
    spotlight.open(); // loaded because somebody asked for it
    return onCommandK(spotlight.open);
  }, []);
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={["mod + K", "mod + P"]} scrollable maxHeight={440} overlayProps={{ backgroundOpacity: 0.4 }} transitionProps={{ duration: 80 }}>
      <Spotlight.Search placeholder="Go to a page, run or cluster, or do something" leftSection={<IconSearch size={16} />} />
      <Results query={query} />
    </Spotlight.Root>
  );
}

function Results({ query }: { query: string }) {
  const text = query.trim();
  const matches = (command: Command) => command.label.toLowerCase().includes(text.toLowerCase());
  const groups = [
    { label: "Pages", commands: usePages().filter(matches) },
    { label: "Actions", commands: useActs().filter(matches) },
    { label: "Runs", commands: useRuns(text) },
    { label: "Clusters", commands: useClusters(text).filter(matches) },
  ].filter((group) => group.commands.length > 0);
  return (
    <Spotlight.ActionsList>
      {groups.map((group) => (
        <Spotlight.ActionsGroup key={group.label} label={group.label}>
          {group.commands.map((command) => <Spotlight.Action key={command.id} label={command.label} description={command.detail} leftSection={command.icon} onClick={command.run} />)}
        </Spotlight.ActionsGroup>
      ))}
      {groups.length === 0 && <Spotlight.Empty>Nothing is called “{text}”.</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}

function usePages(): Command[] {
  return useGoTo(placesOf(useOrg(), useViewer().held));
}

function useActs(): Command[] {
  const pages = useGoTo(actsOf(useOrg(), useViewer().held));
  return [...pages, { id: "keys", label: "Keyboard shortcuts", icon: <IconKeyboard size={16} stroke={1.7} />, run: openKeysHelp }];
}

function useGoTo(pages: ReturnType<typeof placesOf>): Command[] {
  const router = useRouter();
  return pages.map((page) => ({ id: page.href, label: page.label, icon: <page.icon size={16} stroke={1.7} />, run: () => router.push(page.href) }));
}

function useRuns(text: string): Command[] {
  const trpc = useTRPC();
  const router = useRouter();
  const org = useOrg();
  const enabled = useCan("runs:read").ok;
  const [asked] = useDebouncedValue(text, 150);
  const { data, isPlaceholderData } = useQuery(trpc.experiments.list.queryOptions({ text: asked || undefined, limit: 6 }, { enabled, placeholderData: keepPreviousData }));
  return foundSoFar(data?.items ?? [], text, asked === text && !isPlaceholderData).map((run) => {
    const look = STATUS_LOOK[run.status];
    return { id: run.id, label: run.name, detail: `${look.word} · ${run.project.name}`, icon: <ToneIcon icon={look.icon} tone={look.tone} />, run: () => router.push(paths.run(org, run.id)) };
  });
}

function useClusters(text: string): Command[] {
  const trpc = useTRPC();
  const router = useRouter();
  const org = useOrg();
  const enabled = useCan("clusters:read").ok && text.length > 0;
  const { data } = useQuery(trpc.clusters.list.queryOptions(undefined, { enabled }));
  return (data ?? []).map((cluster) => ({ id: cluster.id, label: cluster.name, detail: STATUS_LOOK[cluster.reachability.state].word, icon: <IconServer2 size={16} stroke={1.7} />, run: () => router.push(paths.cluster(org, cluster.id)) }));
}
