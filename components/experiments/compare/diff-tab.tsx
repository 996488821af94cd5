"use client";
import { SegmentedControl, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { DiffPart } from "../../../domain/experiments/compare/inputs.ts"; // the type only
import { type AskedDiff, relayDiff } from "../../../domain/experiments/compare/relay.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { askedOf } from "../../providers/kept.ts";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "./compare.module.css";
import { RunHead } from "./run-head.tsx";
import { useCompared, useCompareState } from "./use-compare.ts";

const PARTS: { value: DiffPart; label: string }[] = [
  { value: "params", label: "Parameters" }, { value: "tags", label: "Tags" }, { value: "code", label: "Code" }, { value: "environment", label: "Environment" }, { value: "spec", label: "Resources and policies" },
];

/** What the runs were given, a row a name: only what differs, unless all is asked for. */
export function DiffTab() {
  const trpc = useTRPC();
  const [{ part, all }, setState] = useCompareState();
  const { ids, shown } = useCompared();
  const query = useQuery({
    ...trpc.compare.diff.queryOptions({ ids, part, all }),
    placeholderData: (diff, asked) => {
      const before = asked && (askedOf(asked.queryKey) as AskedDiff | undefined);
      return diff && before && relayDiff(diff, before, { ids, part, all });
    },
  });
  const what = PARTS.find(({ value }) => value === part)!.label.toLowerCase();
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl size="xs" aria-label="What is compared" data={PARTS} value={part} onChange={(next) => void setState({ part: next as DiffPart })} />
        <Switch size="xs" label="Also what is the same" checked={all} onChange={(event) => void setState({ all: event.currentTarget.checked })} />
        <span style={{ flex: 1 }} />
        {query.data && <span className="dim">{plural(query.data.rows.filter(({ differs }) => differs).length, "difference")}{query.data.more > 0 ? `, ${query.data.more} rows not shown` : ""}</span>}
      </div>
      {query.error ? <ErrorBox what="The differences could not be loaded" error={query.error} retry={() => void query.refetch()} /> : query.data?.rows.length === 0 ? (
        <p className="dim">{all ? `These runs have no ${what}.` : `The ${what} of these runs are the same.`}</p>
      ) : (
        <div className={classes.tableWrap} tabIndex={0} role="region" aria-label={`Differences in ${what}`}>
          <table className={classes.table} aria-busy={!query.data}>
            <thead><tr><th scope="col">Name</th>{shown.map((run) => <th key={run.id} scope="col"><RunHead run={run} /></th>)}</tr></thead>
            <tbody>
              {(query.data?.rows ?? []).map((row) => (
                <tr key={row.key} data-differs={(all && row.differs) || undefined}>
                  <th scope="row" title={row.key}>{row.key}</th>
                  {row.values.map((value, at) => <td key={shown[at]?.id ?? at} className="mono" title={value ?? undefined}>{value ?? <span className="dim">—</span>}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
