"use client";
import { Button } from "@mantine/core";
import Link from "next/link";
import { startTransition, useEffect, useState } from "react";
import { COLOURED, type Stroke } from "../../../domain/experiments/compare/lines.ts";
import type { ComparedRun } from "../../../domain/experiments/compare/view.ts";
import { paths } from "../../../paths.ts";
import { colourOf } from "../../charts/colours.ts";
import { useHighlight } from "../../charts/highlight.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import { STATUS_LOOK } from "../../ui/status-tones.ts";
import classes from "./compare.module.css";
import { useCompared, useCompareState } from "./use-compare.ts";

/** Rows of the page's first drawing: what a screen shows. The others follow when the charts have been asked for. */
const FIRST = 30;

/** Of a name that is too long, the end stays: it is what tells runs apart. */
const TAIL = 6;

/** The runs, each with its colour: hide one, measure the others against it, take it out. */
export function RunList() {
  const { runs, shown, strokeOfRun } = useCompared();
  const [{ hide, base, runs: chosen }, setState] = useCompareState();
  const [isWhole, setWhole] = useState(false);
  useEffect(() => startTransition(() => setWhole(true)), []);
  return (
    <aside className={classes.side} aria-label="Compared runs">
      <div className={classes.sideHead}>
        <span className="dim">{shown.length} of {runs.length} shown{runs.length > COLOURED ? `, first ${COLOURED} in colour` : ""}</span>
        {hide.length > 0 && <Button variant="subtle" color="gray" size="compact-xs" onClick={() => void setState({ hide: null })}>Show all</Button>}
      </div>
      <ul className={classes.runs}>
        {runs.slice(0, isWhole ? undefined : FIRST).map((run) => {
          const { id } = run;
          const isHidden = hide.includes(id);
          return (
            <OneRun
              key={id} run={run} stroke={strokeOfRun(id)} isHidden={isHidden} isBase={base === id}
              onBase={() => void setState({ base: base === id ? null : id })}
              onHide={() => void setState({ hide: isHidden ? hide.filter((one) => one !== id) : [...hide, id] })}
              onRemove={() => void setState({ runs: chosen.filter((one) => one !== id), hide: hide.filter((one) => one !== id) })}
            />
          );
        })}
      </ul>
    </aside>
  );
}

interface OneRunProps {
  run: ComparedRun;
  stroke: Stroke;
  isHidden: boolean;
  isBase: boolean;
  onBase: () => void;
  onHide: () => void;
  onRemove: () => void;
}

/** Of these there are up to a hundred: what each shows is told to it, and its buttons are the browser's own. */
function OneRun({ run, stroke: { slot, dashed }, isHidden, isBase, onBase, onHide, onRemove }: OneRunProps) {
  const org = useOrg();
  const { id: strong, set, owner } = useHighlight();
  const look = STATUS_LOOK[run.status];
  const point = (id: string | null) => {
    owner.current = null;
    set(id);
  };
  return (
    <li className={classes.run} data-strong={strong === run.id || undefined} data-hidden={isHidden || undefined} onPointerEnter={() => point(run.id)} onPointerLeave={() => point(null)}>
      <span className={classes.swatch} data-dashed={dashed || undefined} style={{ borderColor: colourOf(slot) }} />
      <Link href={paths.run(org, run.id)} prefetch={false} className={classes.runName} aria-label={run.name} title={`${run.name}: ${look.word}, ${run.experiment.name}, ${run.owner}`}>
        <ToneIcon icon={look.icon} tone={look.tone} size={11} /><span>{run.name.slice(0, -TAIL)}</span><span>{run.name.slice(-TAIL)}</span>
      </Link>
      <span className={classes.runActs}>
        <Act label={isBase ? `${run.name} is the baseline: press to let go` : `Measure the others against ${run.name}`} icon={isBase ? "flagged" : "flag"} on={isBase} onClick={onBase} />
        <Act label={isHidden ? `Show ${run.name}` : `Hide ${run.name}`} icon={isHidden ? "hidden" : "eye"} on={isHidden} onClick={onHide} />
        <Act label={`Take ${run.name} out`} icon="cross" onClick={onRemove} />
      </span>
    </li>
  );
}

interface ActProps {
  label: string;
  icon: "flag" | "flagged" | "eye" | "hidden" | "cross";
  on?: boolean;
  onClick: () => void;
}

/** Its icon comes from the style sheet: three drawings in each of a hundred rows would be half of the page. */
function Act({ label, icon, on, onClick }: ActProps) {
  return <button type="button" className={classes.act} title={label} aria-label={label} data-icon={icon} {...(on === undefined ? {} : { "aria-pressed": on })} onClick={onClick} />;
}
