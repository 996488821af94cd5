import { Skeleton } from "@mantine/core";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { TokensFrame } from "./tokens-frame.tsx";

const COLUMNS = [
  { key: "name", title: "Name" },
  { key: "state", title: "State", width: 100 },
  { key: "where", title: "Where", width: 190, hideBelow: "md" as const },
  { key: "at", title: "Expires", width: 110, align: "right" as const, hideBelow: "xs" as const },
];

export function TokensSkeleton({ action }: { action?: boolean }) {
  return (
    <TokensFrame actions={action && <Skeleton width={96} height={32} />}>
      <TableSkeleton columns={COLUMNS} rows={6} />
    </TokensFrame>
  );
}
