"use client";
import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import classes from "./access.module.css";

/** Something shown this once: in full, selectable, with a copy button. */
export function Secret({ value, label }: { value: string; label: string }) {
  return (
    <div className={classes.secret}>
      <code className={classes.secretText} aria-label={label} tabIndex={0}>{value}</code>
      <CopyButton value={value} timeout={2000}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} data-autofocus>{copied ? "Copied" : "Copy"}</Button>
        )}
      </CopyButton>
      <div className="dim" style={{ gridColumn: "1 / -1", fontSize: 12 }}>It is shown this once. Drover keeps only its hash.</div>
    </div>
  );
}
