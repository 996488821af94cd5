"use client";
import { lazy } from "react";
import type { SpendView } from "../../domain/costs/cost-view.ts";
import { rangeProblem } from "../../domain/costs/days.ts";
import { isPublishable } from "../../domain/costs/embed.ts";
import { IDLE, narrowedBy, type SpendWhere } from "../../domain/costs/spend-filter.ts";
import { isId } from "../../domain/shared/id-format.ts";
import { useViewer } from "../providers/viewer.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import type { RangeParams } from "./costs-params.ts";
import type { Publishable } from "./embeds/publish-form.tsx";

const PublishForm = lazy(() => import("./embeds/publish-form.tsx").then((module) => ({ default: module.PublishForm })));

/** For who may publish. Publishes what is looked at as a report for other sites, where it is one that they may be shown: nobody's person or run, no days of one's own. */
export function PublishView({ spend, where: { project, ...where }, days }: { spend: SpendView; where: SpendWhere; days: RangeParams }) {
  const { projects } = useViewer();
  const isOwn = (by: "team" | "cluster") => where[by] === undefined || where[by] === IDLE || isId(by, where[by]);
  const isShown = isPublishable(spend.by) && narrowedBy(where).every(isPublishable) && isOwn("team") && isOwn("cluster") && rangeProblem(days.from, days.to) !== null;
  if (!isShown) return null;
  const filter: Publishable["filter"] = { ...where, ...(project === undefined ? {} : { project: projects.find(({ slug }) => slug === project)?.id }) };
  return <DialogButton size="compact-sm" variant="default" label="Publish this view" title="Publish a report" allowed={{ ok: true }} width={440} form={(close) => <PublishForm view={{ by: spend.by as Publishable["by"], range: days.range, filter, narrowed: spend.narrowed }} onDone={close} />} />;
}
