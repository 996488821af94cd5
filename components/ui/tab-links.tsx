"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useRef } from "react";
import { formatCount } from "../../domain/shared/format.ts";
import classes from "./ui.module.css";
import { useCurrentInSight } from "./use-current-in-sight.ts";

export interface TabLink {
  href: string;
  label: string;
  count?: number | null;
}

/** Tabs as paths: each can be linked to, opened beside, and gone back from. One alone is nothing to choose from, and not shown. */
export function TabLinks({ tabs, label }: { tabs: TabLink[]; label: string }) {
  const path = usePathname();
  const row = useRef<HTMLElement>(null);
  useCurrentInSight(row, path);
  if (tabs.length < 2) return null;
  return (
    <nav ref={row} className={classes.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.href} href={tab.href} className={classes.tab} aria-current={path === tab.href.split("?")[0] ? "page" : undefined} scroll={false}>
          {tab.label}
          {tab.count !== undefined && tab.count !== null && <span className={classes.tabCount}>{formatCount(tab.count)}</span>}
        </Link>
      ))}
    </nav>
  );
}
