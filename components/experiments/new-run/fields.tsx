"use client";
import { NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useField } from "./draft-context.tsx";
import type { FieldPath } from "./spec-document.ts";

interface Common {
  path: FieldPath;
  label: string;
  description?: React.ReactNode;
  placeholder?: string;
}

const asText = (value: unknown): string => (value === undefined || value === null ? "" : String(value));

/** Text as it stands in the YAML. Empty takes the field out. */
export function TextField({ path, label, description, placeholder, required, mono }: Common & { required?: boolean; mono?: boolean }) {
  const { name, value, error, disabled, onBlur, change } = useField<string>(path);
  return <TextInput name={name} label={label} description={description} placeholder={placeholder} withAsterisk={required ?? false} value={asText(value)} error={error} disabled={disabled} onBlur={onBlur} onChange={(event) => change(event.currentTarget.value || undefined)} styles={mono ? { input: { fontFamily: "var(--mantine-font-family-monospace)" } } : {}} />;
}

export function AreaField({ path, label, description, placeholder, required }: Common & { required?: boolean }) {
  const { name, value, error, disabled, onBlur, change } = useField<string>(path);
  return <Textarea name={name} label={label} description={description} placeholder={placeholder} withAsterisk={required ?? false} autosize minRows={2} maxRows={14} value={asText(value)} error={error} disabled={disabled} onBlur={onBlur} onChange={(event) => change(event.currentTarget.value || undefined)} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }} />;
}

/** A number; its default shows as the placeholder while the field is not written down. */
export function NumberField({ path, label, description, placeholder, min, max, step, suffix, decimal }: Common & { min?: number; max?: number; step?: number; suffix?: string; decimal?: boolean }) {
  const { name, value, error, disabled, onBlur, change } = useField<number | string>(path);
  return <NumberInput name={name} label={label} description={description} placeholder={placeholder ?? ""} min={min ?? 0} {...(max === undefined ? {} : { max })} step={step ?? 1} suffix={suffix ?? ""} allowDecimal={decimal ?? false} clampBehavior="none" value={value ?? ""} error={error} disabled={disabled} onBlur={onBlur} onChange={(next) => change(next === "" ? undefined : next)} />;
}

/** One of a few words. `unset`: what the field means while it is not written down. */
export function SelectField({ path, label, description, data, unset }: Common & { data: { value: string; label: string }[]; unset: string }) {
  const { name, value, error, disabled, onBlur, change } = useField<string>(path);
  return <Select name={name} data-path={name} label={label} description={description} data={data} allowDeselect={false} value={asText(value) || unset} error={error} disabled={disabled} onBlur={onBlur} onChange={(next) => change(next === null || next === unset ? undefined : next)} />;
}

/** A list of words or globs. */
export function ListField({ path, label, description, placeholder, data }: Common & { data?: string[] }) {
  const { name, value, error, disabled, onBlur, change } = useField<unknown[]>(path);
  return <TagsInput data-path={name} label={label} description={description} placeholder={value?.length ? "" : (placeholder ?? "")} data={data ?? []} value={Array.isArray(value) ? value.map(asText) : []} error={error} disabled={disabled} onBlur={onBlur} onChange={(next) => change(next.length > 0 ? next : undefined)} clearable clearButtonProps={{ "aria-label": `Clear ${label.toLowerCase()}` }} />;
}
