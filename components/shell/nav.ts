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
    { label: "Serve", items: [{ label: "Models", href: paths.models(org), icon: IconBox, needs: "models:read", scoped: true }] },
    { label: "Fleet", items: [{ label: "Clusters", href: paths.clusters(org), icon: IconServer2, needs: "clusters:read", key: "c", scoped: true }, { label: "Queue", href: paths.queue(org), icon: IconListNumbers, needs: "runs:read", key: "q", scoped: true }] },
    { label: "Money", items: [{ label: "Costs", href: paths.costs(org), icon: IconCoins, needs: "costs:read", scoped: true }] },
    {
      label: "Admin",
      items: [
        { label: "People and roles", href: paths.people(org), icon: IconUsers, needs: "members:read" },
        { label: "Tokens", href: paths.tokens(org), icon: IconKey, needs: "org:read" },
        { label: "Audit", href: paths.audit(org), icon: IconHistory, needs: "audit:read" },
        { label: "Settings", href: paths.settings(org), icon: IconBuilding, needs: "org:read" },
      ],
    },
  ];
  return groups.map((group) => ({ ...group, items: group.items.filter((item) => held.includes(item.needs)) })).filter((group) => group.items.length > 0);
}

/** The item a path belongs to: the longest one that it lies under. Everything lies under the overview, so that is only itself. */
export function currentItem(groups: NavGroup[], path: string): NavItem | undefined {
  const under = groups.flatMap((group) => group.items).filter((item) => path === item.href || (item.key !== "o" && path.startsWith(`${item.href}/`)));
  return under.sort((a, b) => b.href.length - a.href.length)[0];
}
