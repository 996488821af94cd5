"use client";
import { Button } from "@mantine/core";
import Link from "next/link";
import { MAX_COMPARED, MAX_GROUPED } from "../../../domain/experiments/compare/buckets.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { compareChosenPath } from "../compare/set-params.ts";
import { Guarded } from "../../ui/guarded.tsx";

/** Opens the chosen runs side by side, or in groups where they are too many for that. */
export function CompareButton({ ids }: { ids: readonly string[] }) {
  const org = useOrg();
  const isMany = ids.length > MAX_COMPARED;
  const allowed = ids.length > MAX_GROUPED ? ({ ok: false, reason: `At most ${formatCount(MAX_GROUPED)} runs can be chosen. Filter them, and compare all.` } as const) : ({ ok: true } as const);
  return <Guarded allowed={allowed}><Button component={Link} href={isMany ? compareChosenPath(org, ids) : paths.compare(org, ids)} prefetch={!isMany && null} title={isMany ? `More than ${MAX_COMPARED} runs are drawn in groups` : undefined}>{isMany ? "Compare in groups" : "Compare"}</Button></Guarded>;
}
