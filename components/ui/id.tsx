"use client";
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { cutMiddle, shortId } from "../../domain/shared/format.ts";
import { useCopy } from "./copy-text.ts";
import classes from "./ui.module.css";

/** Copies `value`; says so. */
export function CopyIcon({ value, label = "Copy", className }: { value: string; label?: string; className?: string }) {
  const { copied, failed, copy } = useCopy(value);
  const said = copied ? "Copied" : failed ? "Not copied: select it and copy it" : label;
  return (
    <Tooltip label={said}>
      <ActionIcon size={20} onClick={copy} aria-label={said} className={className} data-done={copied || undefined}>
        {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** An id, digest or other long name: monospaced, cut in the middle, whole on hover, with a copy button. `max`: characters shown; ids keep their prefix. */
export function Id({ value, max, label = "Copy id" }: { value: string; max?: number; label?: string }) {
  return (
    <span className={classes.id}>
      <Tooltip label={<span className="mono">{value}</span>}>
        <span className="cut">{max ? cutMiddle(value, max) : shortId(value)}</span>
      </Tooltip>
      <CopyIcon value={value} label={label} className={classes.idCopy} />
    </span>
  );
}

/** A name cut in the middle where it is too long, whole on hover. */
export function Name({ value, max = 40 }: { value: string; max?: number }) {
  if (value.length <= max) return <span>{value}</span>;
  return (
    <Tooltip label={value}>
      <span>{cutMiddle(value, max)}</span>
    </Tooltip>
  );
}

/** A shell command to paste, or a line of a program (`plain`). Never put a secret in it that is not shown once on purpose. */
export function CopyCommand({ command, label = "Copy command", plain }: { command: string; label?: string; plain?: boolean }) {
  return (
    <div className={classes.command} data-plain={plain || undefined}>
      <pre className={classes.commandText} tabIndex={0} aria-label={plain ? "Code" : "Command"}>{command}</pre>
      <CopyIcon value={command} label={label} className={classes.commandCopy} />
    </div>
  );
}
