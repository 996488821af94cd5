"use client";
import { Button, Checkbox, Input } from "@mantine/core";
import { PERMISSIONS, type Permission } from "../../../domain/access/permissions.ts";
import classes from "../access.module.css";

const PRESETS: { label: string; names: Permission[] }[] = [
  { label: "Read", names: ["org:read", "projects:read", "clusters:read", "runs:read"] },
  { label: "Submit runs", names: ["org:read", "projects:read", "clusters:read", "runs:read", "runs:submit", "runs:cancel"] },
];

/** What a token may do, from what its maker may. */
export function PermissionPicker({ offered, value, onChange, error }: { offered: Permission[]; value: Permission[]; onChange: (value: Permission[]) => void; error?: React.ReactNode }) {
  const presets = [...PRESETS.map((preset) => ({ ...preset, names: preset.names.filter((name) => offered.includes(name)) })), { label: "Everything offered", names: offered }];
  const toggle = (name: Permission) => onChange(value.includes(name) ? value.filter((one) => one !== name) : [...value, name]);
  return (
    <Input.Wrapper label="May" error={error} labelElement="div">
      <div style={{ display: "flex", gap: 4, flexWrap: "wrap", marginBottom: 6 }}>
        {presets.map((preset) => <Button key={preset.label} variant="default" size="compact-xs" onClick={() => onChange(preset.names)}>{preset.label}</Button>)}
      </div>
      <div className={classes.permissions} role="group" aria-label="Permissions of the token">
        {offered.map((name) => (
          <Checkbox key={name} checked={value.includes(name)} onChange={() => toggle(name)} label={<>{PERMISSIONS[name].says} <span className="mono dim" style={{ fontSize: 11 }}>{name}</span></>} />
        ))}
        {offered.length === 0 && <span className="dim">Nothing can be given here.</span>}
      </div>
    </Input.Wrapper>
  );
}
