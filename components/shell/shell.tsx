"use client";
import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconMenu2 } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { Wordmark } from "../ui/logo.tsx";
import { CommandKLoader } from "./command-k-loader.tsx";
import { CrumbsProvider } from "./crumbs.tsx";
import { GlobalKeys } from "./global-keys.tsx";
import { NavList } from "./nav-list.tsx";
import { PreparedLink } from "./prepared-link.tsx";
import { TopBar } from "./top-bar.tsx";
import classes from "./shell.module.css";

const NavDrawer = lazy(() => import("./nav-drawer.tsx").then((module) => ({ default: module.NavDrawer })));

/** Remembered in a cookie, so that the first paint already has the right width. */
export const NAV_COOKIE = "drover-nav";

/** The frame of every console page: navigation, top bar, content, cmd-k, keys. */
export function Shell({ collapsed: collapsedAtFirst, children }: { collapsed: boolean; children: React.ReactNode }) {
  const org = useOrg();
  const [collapsed, setCollapsed] = useState(collapsedAtFirst);
  const [menuOpen, menu] = useDisclosure(false);
  const [menuWanted, setMenuWanted] = useState(false);
  const openMenu = () => {
    setMenuWanted(true);
    menu.open();
  };
  const toggle = () => {
    document.cookie = `${NAV_COOKIE}=${collapsed ? "open" : "collapsed"}; path=/; max-age=31536000; samesite=lax`;
    setCollapsed(!collapsed);
  };
  return (
    <CrumbsProvider>
      <a href="#content" className={classes.skip}>Skip to content</a>
      <div className={classes.shell} data-collapsed={collapsed || undefined}>
        <aside className={classes.nav} aria-label="Navigation">
          <div className={classes.navHead}>
            <PreparedLink href={paths.overview(org)} aria-label="Drover: overview" className={classes.wordmark}><Wordmark collapsed={collapsed} /></PreparedLink>
          </div>
          <NavList collapsed={collapsed} />
          <div className={classes.navFoot}>
            <button type="button" className={classes.collapse} onClick={toggle} aria-label={collapsed ? "Show navigation labels" : "Collapse navigation"}>
              {collapsed ? <IconLayoutSidebarLeftExpand size={16} stroke={1.7} /> : <><IconLayoutSidebarLeftCollapse size={16} stroke={1.7} />Collapse</>}
            </button>
          </div>
        </aside>
        <div className={classes.main}>
          <TopBar burger={<ActionIcon className={classes.burger} onClick={openMenu} aria-label="Open navigation"><IconMenu2 size={18} /></ActionIcon>} />
          <main id="content" tabIndex={-1} className={classes.content}>{children}</main>
        </div>
      </div>
      {menuWanted && <Suspense fallback={null}><NavDrawer opened={menuOpen} onClose={menu.close} /></Suspense>}
      <CommandKLoader />
      <GlobalKeys />
    </CrumbsProvider>
  );
}
