"use client";
import { useMounted } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { Money } from "./money.tsx";
import { AGAIN_MS, isLive } from "./provisional.ts";

/** undefined while it is on its way, or not for the viewer. In the first render always: a part of the page that comes later must be what the server made of it, whoever asked meanwhile. */
export function useRunCost(id: string, enabled = true) {
  const allowed = useCan("costs:read");
  const isMounted = useMounted();
  const { data } = useQuery({ ...useTRPC().costs.run.queryOptions({ id }), enabled: enabled && allowed.ok, refetchInterval: (query) => (isLive(query.state.data?.provisional) ? AGAIN_MS : false) });
  return isMounted ? data : undefined;
}

/** What a run has cost so far; a part of it may still change while it runs. */
export function RunCost({ id }: { id: string }) {
  const org = useOrg();
  const data = useRunCost(id);
  if (!data) return <span className="dim">—</span>;
  if (data.isUnpriced) return <Link href={paths.prices(org)}>No prices yet</Link>;
  return <><Money amount={data.amount} currency={data.currency} />{isLive(data.provisional) && <span className="dim"> · so far</span>}</>;
}
