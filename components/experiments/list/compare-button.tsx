"use client";
import { Button } from "@mantine/core";
import Link from "next/link";
import { MAX_COMPARED } from "../../../domain/experiments/compare/buckets.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";

/** Opens the chosen runs side by side. */
export function CompareButton({ ids }: { ids: readonly string[] }) {
  const org = useOrg();
  const allowed = ids.length > MAX_COMPARED ? ({ ok: false, reason: `At most ${MAX_COMPARED} runs can be compared at once.` } as const) : ({ ok: true } as const);
  return <Guarded allowed={allowed}><Button component={Link} href={paths.compare(org, ids)}>Compare</Button></Guarded>;
}
