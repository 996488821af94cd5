import { IconGitCompare, IconNotes, IconPlugConnected, IconPlus } from "@tabler/icons-react";
import type { Permission } from "../../domain/access/permissions.ts";
import { paths } from "../../paths.ts";
import { type NavItem, navGroups } from "./nav.ts";

type Page = Pick<NavItem, "label" | "href" | "icon">;

/** The pages of the navigation and, behind each, those beside it. */
export function placesOf(org: string, held: readonly string[]): Page[] {
  return navGroups(org, held).flatMap((group) => group.items).flatMap((item) => [item, ...(item.tabs ?? []).filter(({ href }) => href !== item.href).map((tab) => ({ label: `${item.label} › ${tab.label}`, href: tab.href, icon: item.icon }))]);
}

/** The pages on which something is made, for those who may. */
export function actsOf(org: string, held: readonly string[]): Page[] {
  const acts: (Page & { needs: Permission })[] = [
    { label: "New run", href: paths.newRun(org), icon: IconPlus, needs: "runs:submit" },
    { label: "Compare runs", href: paths.compare(org), icon: IconGitCompare, needs: "runs:read" },
    { label: "Compare all runs in groups", href: paths.compareAll(org), icon: IconGitCompare, needs: "runs:read" },
    { label: "New report", href: paths.newReport(org), icon: IconNotes, needs: "reports:write" },
    { label: "Connect a cluster", href: paths.connectCluster(org), icon: IconPlugConnected, needs: "clusters:manage" },
  ];
  return acts.filter(({ needs }) => held.includes(needs));
}
