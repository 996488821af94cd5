"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { formatCount, formatSeconds, plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { Ago } from "../ui/time.tsx";

/**
 * Where a waiting run stands: its place, who is ahead, what binds it now, when it may start and how far off that usually is.
 * @param fitsNowhere No cluster can run it: then nothing that ends lets it start.
 */
export function RunQueueFacts({ id, fitsNowhere, className }: { id: string; fitsNowhere?: boolean; className?: string }) {
  const org = useOrg();
  const { data } = useQuery(useTRPC().queue.explain.queryOptions({ id }));
  if (!data) return null;
  return (
    <>
      {data.binding && <div>{data.binding}</div>}
      <dl className={className}>
        {data.position !== null && <div><dt>Place in the queue</dt><dd><Link href={paths.queue(org)}>{formatCount(data.position)} of {formatCount(data.waiting)}</Link></dd></div>}
        {!fitsNowhere && <div>
          <dt>May start</dt>
          <dd>
            {data.start ? <><Ago at={data.start.at} /><span className="dim"> · {data.start.basis}</span></> : <span className="dim">unknown: nothing that runs says when it ends</span>}
            {data.start && data.error && <span className="dim"> Such estimates were off by {formatSeconds(Math.round(data.error.medianSeconds))} at the median of {formatCount(data.error.samples)}.</span>}
          </dd>
        </div>}
        {(data.ahead.length > 0 || data.hiddenAhead > 0) && (
          <div>
            <dt>Ahead of it</dt>
            <dd>
              {data.ahead.map((one, at) => <span key={one.id}>{at > 0 && ", "}<Link href={paths.run(org, one.id)}>{one.name}</Link><span className="dim"> ({one.owner}{one.gpus > 0 && `, ${plural(one.gpus, "GPU")}`})</span></span>)}
              {data.hiddenAhead > 0 && <span className="dim">{data.ahead.length > 0 ? " and " : ""}{plural(data.hiddenAhead, data.ahead.length > 0 ? "other" : "run")}</span>}
            </dd>
          </div>
        )}
        {data.keptFor && <div><dt>Room is kept for</dt><dd><Link href={paths.run(org, data.keptFor.id)}>{data.keptFor.name}</Link></dd></div>}
      </dl>
    </>
  );
}
