"use client";
import { Menu } from "@mantine/core";
import { useOs } from "@mantine/hooks";
import { IconCheck, IconChevronDown, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg, useViewer } from "../providers/viewer.tsx";
import { openCommandK } from "./command-k-signal.ts";
import { useCrumbs } from "./crumbs.tsx";
import { LiveDot } from "./live-dot.tsx";
import { currentItem, navGroups } from "./nav.ts";
import { PersonMenu } from "./person-menu.tsx";
import { PreparedLink } from "./prepared-link.tsx";
import { ScopeSelect } from "./scope-select.tsx";
import classes from "./shell.module.css";

export function TopBar({ burger }: { burger: React.ReactNode }) {
  const os = useOs();
  return (
    <header className={classes.top}>
      {burger}
      <div className={classes.where}>
        <OrgSwitcher />
        <span className={`${classes.slash} ${classes.scope}`}>/</span>
        <span className={classes.scope}><ScopeSelect /></span>
        <Crumbs />
      </div>
      <div className={classes.tools}>
        <button type="button" className={classes.command} onClick={openCommandK} aria-label="Search and commands">
          <IconSearch size={14} />
          <span className={classes.commandText}>Find anything</span>
          <kbd>{os === "macos" ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <LiveDot />
        <PersonMenu />
      </div>
    </header>
  );
}

function OrgSwitcher() {
  const { org } = useViewer();
  const trpc = useTRPC();
  const orgs = useQuery(trpc.access.me.queryOptions()).data?.orgs ?? [org];
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className={classes.picker} data-strong aria-label={`Organization: ${org.name}`}>
          <span className="cut">{org.name}</span>
          <IconChevronDown size={14} style={{ flex: "none", color: "var(--text-faint)" }} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Organizations</Menu.Label>
        {orgs.map((one) => (
          // A full load: nothing of one tenant stays in memory for the next.
          <Menu.Item key={one.id} component="a" href={paths.overview(one.slug)} rightSection={one.id === org.id && <IconCheck size={14} />}>{one.name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** From the organization down: the page says its own steps, the navigation knows the first. */
function Crumbs() {
  const org = useOrg();
  const item = currentItem(navGroups(org, useViewer().held), usePathname());
  const published = useCrumbs();
  const crumbs = published.length > 0 ? published : item ? [{ label: item.label, href: item.href }] : [];
  return (
    <nav aria-label="Breadcrumb" style={{ minWidth: 0 }}>
      <ol className={classes.crumbs}>
        {crumbs.map((crumb, at) => {
          const last = at === crumbs.length - 1;
          return (
            <li key={`${at} ${crumb.label}`}>
              <span className={classes.slash}>/</span>
              {crumb.href && !last ? <PreparedLink href={crumb.href} className={classes.crumb}>{crumb.label}</PreparedLink> : <span className={classes.crumb} aria-current={last ? "page" : undefined} title={crumb.label}>{crumb.label}</span>}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
