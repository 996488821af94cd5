"use client";
import { useParams } from "next/navigation";
import { FailedPage } from "../../../components/ui/failed-page.tsx";
import { paths } from "../../../paths.ts";

/** Inside the frame: navigation stays. */
export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const { org } = useParams<{ org: string }>();
  return <FailedPage error={error} reset={reset} home={paths.overview(org)} />;
}
