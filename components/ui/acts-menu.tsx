"use client";
import { ActionIcon, Menu } from "@mantine/core";
import { IconArchive, IconArchiveOff, IconDots } from "@tabler/icons-react";

/** The three dots of a row: what may be done to one thing. */
export function ActsMenu({ of, size = 24, children }: { of: string; size?: number; children: React.ReactNode }) {
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon size={size} aria-label={`Change ${of}`}><IconDots size={16} stroke={1.7} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

export function ArchiveItem({ archived, archive, restore }: { archived: boolean; archive: () => void; restore: () => void }) {
  if (archived) return <Menu.Item leftSection={<IconArchiveOff size={15} stroke={1.7} />} onClick={restore}>Restore</Menu.Item>;
  return <Menu.Item leftSection={<IconArchive size={15} stroke={1.7} />} onClick={archive}>Archive</Menu.Item>;
}
