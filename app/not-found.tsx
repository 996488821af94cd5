import type { Metadata } from "next";
import { NotFoundPage } from "../components/ui/not-found-page.tsx";
import { paths } from "../paths.ts";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return <main style={{ padding: "15vh 16px" }}><NotFoundPage home={paths.home()} /></main>;
}
