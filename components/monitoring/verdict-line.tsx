"use client";
import Link from "next/link";
import type { Problem, Verdict } from "../../domain/monitoring/verdict.ts";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { ToneIcon } from "../ui/status-badge.tsx";
import classes from "./overview.module.css";

const ICONS = { good: "check", warn: "triangle", bad: "cross" } as const;
const SHOWN = 5;

function hrefOf(org: string, { target }: Problem): string {
  if (target.kind === "run") return paths.run(org, target.id);
  return target.kind === "cluster" ? paths.cluster(org, target.id) : `${paths.runs(org)}?status=${target.status}`;
}

/** Is anything wrong? The first thing on the first page. `summary`: what goes on when nothing is. */
export function VerdictLine({ verdict, summary }: { verdict: Verdict; summary: string }) {
  const org = useOrg();
  return (
    <div className={classes.verdict} data-tone={verdict.tone} role="status" aria-label="Is anything wrong?">
      <span className={classes.verdictTitle}><ToneIcon icon={ICONS[verdict.tone]} tone={verdict.tone} size={16} />{verdict.title}</span>
      {verdict.problems.length === 0 ? <span className="dim">{summary}</span> : (
        <ul className={classes.problems}>
          {verdict.problems.slice(0, SHOWN).map((problem) => (
            <li key={problem.text}>
              <Link href={hrefOf(org, problem)} className={classes.problem}><ToneIcon icon={ICONS[problem.tone]} tone={problem.tone} size={12} />{problem.text}</Link>
            </li>
          ))}
          {verdict.problems.length > SHOWN && <li className="dim">and {verdict.problems.length - SHOWN} more</li>}
        </ul>
      )}
    </div>
  );
}
