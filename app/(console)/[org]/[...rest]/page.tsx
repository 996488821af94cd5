import type { Metadata } from "next";
import { notFound } from "next/navigation";

export const metadata: Metadata = { title: "Not found" };

/** A path that no page has: said inside the frame, so that the navigation stays at hand. */
export default function NoSuchPage() {
  notFound();
}
