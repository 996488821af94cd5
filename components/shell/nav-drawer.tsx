"use client";
import { Drawer } from "@mantine/core";
import { Wordmark } from "../ui/logo.tsx";
import { NavList } from "./nav-list.tsx";
import { ScopeSelect } from "./scope-select.tsx";
import classes from "./shell.module.css";

/** The navigation of narrow screens; loaded when it is first opened. */
export function NavDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Drawer opened={opened} onClose={onClose} size={260} title={<Wordmark />} closeButtonProps={{ "aria-label": "Close navigation" }} padding="xs">
      <div className={classes.pill}><ScopeSelect /></div>
      <NavList onGo={onClose} />
    </Drawer>
  );
}
