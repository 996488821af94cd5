"use client";
import { FailedPage } from "../components/ui/failed-page.tsx";
import { paths } from "../paths.ts";

export default function AppError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <main style={{ padding: "15vh 16px" }}><FailedPage error={error} reset={reset} home={paths.home()} /></main>;
}
