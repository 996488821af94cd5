import { IconActivity, IconBox, IconBuilding, IconCoins, IconHistory, IconKey, IconListNumbers, IconNotes, IconPlayerPlay, IconServer2, IconUsers } from "@tabler/icons-react";
import type { Permission } from "../../domain/access/permissions.ts";
import { paths } from "../../paths.ts";

export interface NavItem {
  label: string;
  href: string;
  icon: typeof IconActivity;
  /** Absent from the navigation without it. */
  needs: Permission;
  /** Second key after `g`. */
  key?: string;
  /** The page understands `?project=`. */
  scoped?: boolean;
  /** Pages beside each other under one title; the first is the item's own. */
  tabs?: NavTab[];
}

export interface NavTab {
  label: string;
  href: string;
  /** Beyond what the item needs. */
  needs?: Permission;
}

export interface NavGroup {
  label: string | null;
  items: NavItem[];
}

/** Only pages that work. A group without items is not shown. */
export function navGroups(org: string, held: readonly string[]): NavGroup[] {
  const groups: NavGroup[] = [
    { label: null, items: [{ label: "Overview", href: paths.overview(org), icon: IconActivity, needs: "org:read", key: "o", scoped: true }] },
    { label: "Work", items: [{ label: "Runs", href: paths.runs(org), icon: IconPlayerPlay, needs: "runs:read", key: "r", scoped: true }, { label: "Reports", href: paths.reports(org), icon: IconNotes, needs: "reports:read", scoped: true }] },
    { label: "Serve", items: [{ label: "Models", href: paths.models(org), icon: IconBox, needs: "models:read", scoped: true, tabs: modelTabs(org) }] },
    { label: "Fleet", items: [{ label: "Clusters", href: paths.clusters(org), icon: IconServer2, needs: "clusters:read", key: "c", scoped: true }, { label: "Queue", href: paths.queue(org), icon: IconListNumbers, needs: "runs:read", key: "q", scoped: true, tabs: queueTabs(org) }] },
    { label: "Money", items: [{ label: "Costs", href: paths.costs(org), icon: IconCoins, needs: "costs:read", key: "m", scoped: true, tabs: costTabs(org) }] },
    {
      label: "Admin",
      items: [
        { label: "People and roles", href: paths.people(org), icon: IconUsers, needs: "members:read", tabs: peopleTabs(org) },
        { label: "Tokens", href: paths.tokens(org), icon: IconKey, needs: "org:read", tabs: tokenTabs(org) },
        { label: "Audit", href: paths.audit(org), icon: IconHistory, needs: "audit:read" },
        { label: "Settings", href: paths.settings(org), icon: IconBuilding, needs: "org:read", tabs: settingsTabs(org) },
      ],
    },
  ];
  const may = ({ needs }: { needs?: Permission }) => needs === undefined || held.includes(needs);
  const open = (item: NavItem): NavItem => (item.tabs ? { ...item, tabs: item.tabs.filter(may) } : item);
  return groups.map((group) => ({ ...group, items: group.items.filter(may).map(open) })).filter((group) => group.items.length > 0);
}

const modelTabs = (org: string): NavTab[] => [
  { label: "Registered", href: paths.models(org) },
  { label: "Data sets", href: paths.datasets(org) },
];

const queueTabs = (org: string): NavTab[] => [
  { label: "Waiting", href: paths.queueTab(org, "waiting") },
  { label: "Running", href: paths.queueTab(org, "running") },
  { label: "Shares and policies", href: paths.queueTab(org, "shares") },
];

const costTabs = (org: string): NavTab[] => [
  { label: "Spend", href: paths.costs(org) },
  { label: "Recommendations", href: paths.advice(org) },
  { label: "Waste", href: paths.waste(org) },
  { label: "Budgets", href: paths.budgets(org) },
  { label: "Periods", href: paths.periods(org) },
  { label: "Discrepancies", href: paths.reviews(org) },
  { label: "Prices", href: paths.prices(org) },
  { label: "Outside", href: paths.outside(org) },
  { label: "Schedules", href: paths.schedules(org), needs: "costs:manage" },
  { label: "Embeds", href: paths.embeds(org), needs: "embeds:manage" },
];

const peopleTabs = (org: string): NavTab[] => [
  { label: "Members", href: paths.peopleTab(org, "members") },
  { label: "Teams and projects", href: paths.peopleTab(org, "teams") },
  { label: "Invitations", href: paths.peopleTab(org, "invitations"), needs: "members:manage" },
];

const tokenTabs = (org: string): NavTab[] => [
  { label: "Mine", href: paths.tokensTab(org, "mine") },
  { label: "Service accounts", href: paths.tokensTab(org, "service-accounts"), needs: "tokens:manage" },
  { label: "All tokens", href: paths.tokensTab(org, "all"), needs: "tokens:manage" },
];

const settingsTabs = (org: string): NavTab[] => [
  { label: "General", href: paths.settings(org) },
  { label: "Storage", href: paths.storage(org), needs: "org:manage" },
];

/** The item a path belongs to: the longest one that it lies under. Everything lies under the overview, so that is only itself. */
export function currentItem(groups: NavGroup[], path: string): NavItem | undefined {
  const under = groups.flatMap((group) => group.items).filter((item) => path === item.href || (item.key !== "o" && path.startsWith(`${item.href}/`)));
  return under.sort((a, b) => b.href.length - a.href.length)[0];
}
