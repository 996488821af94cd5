"use client";
import { Anchor } from "@mantine/core";
import Link from "next/link";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { Id, Name } from "../../ui/id.tsx";
import { Section } from "../../ui/page-header.tsx";
import classes from "../experiments.module.css";

/** The data sets that a run read. Each leads to where else that very data was used: its digest is what is searched for. */
export function RunInputs({ run }: { run: RunDetail }) {
  const org = useOrg();
  if (run.inputs.length === 0) return null;
  const isAll = run.inputs.length === run.inputCount;
  return (
    <Section title="Data sets" count={isAll ? run.inputCount : `${run.inputs.length} of ${run.inputCount}`}>
      <dl className={classes.pairs} aria-label="Data sets">
        {run.inputs.map(({ id, name, digest, context }) => (
          <div key={id}>
            <dt>{context ?? <span className="dim">no context</span>}</dt>
            <dd><Anchor component={Link} underline="always" href={`${paths.datasets(org)}?q=${encodeURIComponent(digest)}`}><Name value={name} max={28} /></Anchor> <Id value={digest} max={14} label="Copy digest" /></dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
