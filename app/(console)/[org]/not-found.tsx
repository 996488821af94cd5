"use client";
import { useParams } from "next/navigation";
import { NotFoundPage } from "../../../components/ui/not-found-page.tsx";
import { paths } from "../../../paths.ts";

export default function ConsoleNotFound() {
  const { org } = useParams<{ org: string }>();
  return <NotFoundPage home={paths.overview(org)} />;
}
