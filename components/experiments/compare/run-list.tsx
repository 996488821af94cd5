"use client";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconEye, IconEyeOff, IconFlag, IconFlagFilled, IconX } from "@tabler/icons-react";
import Link from "next/link";
import { COLOURED } from "../../../domain/experiments/compare/lines.ts";
import type { ComparedRun } from "../../../domain/experiments/compare/view.ts";
import { cutMiddle } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { colourOf } from "../../charts/colours.ts";
import { useHighlight } from "../../charts/highlight.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import { STATUS_LOOK } from "../../ui/status-tones.ts";
import classes from "./compare.module.css";
import { useCompared, useCompareState } from "./use-compare.ts";

/** The runs, each with its colour: hide one, measure the others against it, take it out. */
export function RunList() {
  const { runs, shown } = useCompared();
  const [{ hide }, setState] = useCompareState();
  return (
    <aside className={classes.side} aria-label="Compared runs">
      <div className={classes.sideHead}>
        <span className="dim">{shown.length} of {runs.length} shown{runs.length > COLOURED ? `, first ${COLOURED} in colour` : ""}</span>
        {hide.length > 0 && <Button variant="subtle" color="gray" size="compact-xs" onClick={() => void setState({ hide: null })}>Show all</Button>}
      </div>
      <ul className={classes.runs}>
        {runs.map((run) => <OneRun key={run.id} run={run} />)}
      </ul>
    </aside>
  );
}

function OneRun({ run }: { run: ComparedRun }) {
  const org = useOrg();
  const { strokeOfRun } = useCompared();
  const [{ hide, base, runs }, setState] = useCompareState();
  const { id: strong, set, owner } = useHighlight();
  const { slot, dashed } = strokeOfRun(run.id);
  const isHidden = hide.includes(run.id);
  const isBase = base === run.id;
  const look = STATUS_LOOK[run.status];
  const point = (id: string | null) => {
    owner.current = null;
    set(id);
  };
  return (
    <li className={classes.run} data-strong={strong === run.id || undefined} data-hidden={isHidden || undefined} onPointerEnter={() => point(run.id)} onPointerLeave={() => point(null)}>
      <span className={classes.swatch} data-dashed={dashed || undefined} style={{ borderColor: colourOf(slot) }} />
      <Link href={paths.run(org, run.id)} className={classes.runName} title={`${run.name}: ${look.word}, ${run.experiment.name}, ${run.owner}`}>
        <ToneIcon icon={look.icon} tone={look.tone} size={11} /> {cutMiddle(run.name, 27)}
      </Link>
      <span className={classes.runActs}>
        <Act label={isBase ? `${run.name} is the baseline: press to let go` : `Measure the others against ${run.name}`} on={isBase} onClick={() => void setState({ base: isBase ? null : run.id })}>{isBase ? <IconFlagFilled size={13} /> : <IconFlag size={13} />}</Act>
        <Act label={isHidden ? `Show ${run.name}` : `Hide ${run.name}`} on={isHidden} onClick={() => void setState({ hide: isHidden ? hide.filter((id) => id !== run.id) : [...hide, run.id] })}>{isHidden ? <IconEyeOff size={13} /> : <IconEye size={13} />}</Act>
        <Act label={`Take ${run.name} out`} onClick={() => void setState({ runs: runs.filter((id) => id !== run.id), hide: hide.filter((id) => id !== run.id) })}><IconX size={13} /></Act>
      </span>
    </li>
  );
}

function Act({ label, on, onClick, children }: { label: string; on?: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon size={24} aria-label={label} {...(on === undefined ? {} : { "aria-pressed": on })} onClick={onClick}>{children}</ActionIcon>
    </Tooltip>
  );
}
