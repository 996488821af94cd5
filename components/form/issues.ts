import type { FieldIssue } from "../../domain/shared/errors.ts";

/** What the server refused, by field; empty when the failure is of another kind. */
export function issuesOf(error: unknown): FieldIssue[] {
  const issues = (error as { data?: { issues?: unknown } | null } | null)?.data?.issues;
  return Array.isArray(issues) ? (issues as FieldIssue[]) : [];
}

/** Issues as a form's errors: the first for each field. `rename` maps the wire's paths to the form's where they differ. */
export function errorsByField(issues: readonly FieldIssue[], rename: Readonly<Record<string, string>> = {}): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { field, message } of issues) errors[rename[field] ?? field] ??= message;
  return errors;
}

/** "resources.gpus" → "Resources, gpus"; labels win where given. */
export function fieldLabel(field: string, labels: Readonly<Record<string, string>> = {}): string {
  if (labels[field]) return labels[field];
  const words = field.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(".").filter(Boolean).join(", ");
  return words ? words[0]!.toUpperCase() + words.slice(1) : "The form";
}
