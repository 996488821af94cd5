"use client";
import { ModalsProvider } from "@mantine/modals";

/** Where `modals.open…` shows its dialogs. Loaded after the page itself: nobody opens one in the first moments. */
export function Dialogs() {
  return <ModalsProvider />;
}
