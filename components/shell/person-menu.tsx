"use client";
import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { signOut } from "../access/session.ts";
import { useViewer } from "../providers/viewer.tsx";
import { notifyError } from "../ui/notify.ts";
import { openKeysHelp } from "./keys-help.tsx";
import classes from "./shell.module.css";

const SCHEMES = [
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
] as const;

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}

export function PersonMenu() {
  const { user } = useViewer();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu width={230} closeOnItemClick={false}>
      <Menu.Target>
        <button type="button" className={classes.person} aria-label={`${user.name}: appearance, keys, sign out`}>{initials(user.name)}</button>
      </Menu.Target>
      <Menu.Dropdown>
        <div style={{ padding: "6px 8px 8px" }}>
          <div style={{ fontWeight: 600 }} className="cut">{user.name}</div>
          <div className="dim cut" style={{ fontSize: 12 }}>{user.email}</div>
        </div>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item key={scheme.value} role="menuitemradio" aria-checked={colorScheme === scheme.value} leftSection={<scheme.icon size={15} stroke={1.7} />} rightSection={colorScheme === scheme.value && <IconCheck size={14} />} onClick={() => setColorScheme(scheme.value)}>
            {scheme.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={15} stroke={1.7} />} rightSection={<kbd>?</kbd>} closeMenuOnClick onClick={openKeysHelp}>Keyboard shortcuts</Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} stroke={1.7} />} onClick={() => void signOut().catch(notifyError("You are still signed in"))}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
