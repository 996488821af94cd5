import { Skeleton } from "@mantine/core";

/** Title and body of a page that is on its way; the frame is already there. */
export default function Loading() {
  return (
    <div aria-busy="true" aria-label="Loading">
      <Skeleton height={22} width={160} mb={20} />
      <Skeleton height={28} width={420} mb={12} />
      {Array.from({ length: 12 }, (_, row) => <Skeleton key={row} height={10} my={24} width={`${96 - (row % 4) * 7}%`} />)}
    </div>
  );
}
