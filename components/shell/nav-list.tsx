"use client";
import { Tooltip } from "@mantine/core";
import { usePathname, useSearchParams } from "next/navigation";
import { useOrg, useViewer } from "../providers/viewer.tsx";
import { currentItem, navGroups } from "./nav.ts";
import { PreparedLink } from "./prepared-link.tsx";
import classes from "./shell.module.css";

/** The groups and pages one may open. `onGo`: closes the drawer on narrow screens. */
export function NavList({ collapsed, onGo }: { collapsed?: boolean; onGo?: () => void }) {
  const groups = navGroups(useOrg(), useViewer().held);
  const current = currentItem(groups, usePathname());
  const project = useSearchParams().get("project");
  return (
    <nav aria-label="Main" className={classes.navBody}>
      {groups.map((group) => (
        <div key={group.label ?? "top"}>
          {group.label && <div className={classes.groupLabel}><span>{group.label}</span></div>}
          {group.items.map((item) => (
            <Tooltip key={item.href} label={item.label} position="right" disabled={!collapsed}>
              <PreparedLink
                href={project && item.scoped ? `${item.href}?project=${encodeURIComponent(project)}` : item.href}
                className={classes.item}
                aria-current={item === current ? "page" : undefined}
                aria-label={collapsed ? item.label : undefined}
                onClick={onGo}
              >
                <item.icon size={16} stroke={1.7} style={{ flex: "none" }} />
                <span className={classes.itemLabel}>{item.label}</span>
              </PreparedLink>
            </Tooltip>
          ))}
        </div>
      ))}
    </nav>
  );
}
