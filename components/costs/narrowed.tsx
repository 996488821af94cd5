"use client";
import { ActionIcon, Anchor } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import Link from "next/link";
import { SPEND_BY_LABEL, type SpendBy } from "../../domain/costs/spend-by.ts";
import { narrowedBy, type SpendWhere } from "../../domain/costs/spend-filter.ts";
import { isId } from "../../domain/shared/id-format.ts";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { Name } from "../ui/id.tsx";
import classes from "./costs.module.css";

/** What spend is narrowed to, step by step: each leads back to where one came from, and can be left out by itself. @param hrefOf The view of that filter, told apart so. */
export function Narrowed({ where, labels, hrefOf }: { where: SpendWhere; labels: readonly { by: SpendBy; label: string }[]; hrefOf: (where: SpendWhere, by?: SpendBy) => string }) {
  const org = useOrg();
  const steps = narrowedBy(where);
  if (steps.length === 0) return null;
  const upTo = (count: number): SpendWhere => Object.fromEntries(steps.slice(0, count).map((by) => [by, where[by]]));
  return (
    <nav aria-label="Narrowed to" className={classes.narrowed}>
      <Anchor component={Link} href={hrefOf({}, steps[0])}>All costs</Anchor>
      {steps.map((by, at) => {
        const label = labels.find((one) => one.by === by)?.label ?? "";
        const { [by]: _left, ...rest } = where;
        const words = <><span className="dim">{SPEND_BY_LABEL[by]}</span> <Name value={label} max={32} /></>;
        return (
          <span key={by} className={classes.step}>
            <span className="dim" aria-hidden="true">›</span>
            {at < steps.length - 1 ? <Anchor component={Link} href={hrefOf(upTo(at + 1), steps[at + 1])}>{words}</Anchor> : <span aria-current="page">{words}</span>}
            <ActionIcon component={Link} href={hrefOf(rest, by)} size={20} variant="subtle" color="gray" aria-label={`Without ${SPEND_BY_LABEL[by].toLowerCase()} ${label}`}><IconX size={12} /></ActionIcon>
          </span>
        );
      })}
      {where.experiment && isId("experiment", where.experiment) && <Anchor component={Link} className={classes.open} href={`${paths.runs(org)}?experiment=${where.experiment}`}>Its runs</Anchor>}
      {where.cluster && isId("cluster", where.cluster) && <Anchor component={Link} className={classes.open} href={paths.cluster(org, where.cluster)}>Its cluster</Anchor>}
    </nav>
  );
}
