"use client";
import { Tooltip } from "@mantine/core";
import { cloneElement, type ReactElement } from "react";
import type { Allowed } from "../../domain/experiments/run-view.ts";

interface Disableable {
  disabled?: boolean;
  onClick?: unknown;
  "data-disabled"?: boolean;
  "aria-disabled"?: boolean;
  component?: unknown;
  href?: unknown;
}

/**
 * A button that is off with the reason on hover and focus when not allowed. It stays focusable (`aria-disabled`), so that the
 * reason can be read with a keyboard and a screen reader.
 */
export function Guarded({ allowed, children }: { allowed: Allowed; children: ReactElement<Disableable> }) {
  if (allowed.ok) return children;
  const off = cloneElement(children, { "data-disabled": true, "aria-disabled": true, onClick: (event: { preventDefault: () => void }) => event.preventDefault() });
  return <Tooltip label={allowed.reason}>{off}</Tooltip>;
}
