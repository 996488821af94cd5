"use client";
import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useCopy } from "../ui/copy-text.ts";
import classes from "./access.module.css";

/** Something shown this once: in full, selectable, with a copy button. */
export function Secret({ value, label }: { value: string; label: string }) {
  const { copied, failed, copy } = useCopy(value);
  return (
    <div className={classes.secret}>
      <code className={classes.secretText} aria-label={label} tabIndex={0}>{value}</code>
      <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} data-autofocus>{copied ? "Copied" : failed ? "Not copied" : "Copy"}</Button>
      <div className="dim" style={{ gridColumn: "1 / -1", fontSize: 12 }}>It is shown this once. Drover keeps only its hash.</div>
    </div>
  );
}
