"use client";
import { ModalsProvider } from "@mantine/modals";
import { useEffect } from "react";
import { dialogsMounted } from "../ui/dialogs-ready.ts";

/** Where `modals.open…` shows its dialogs. Loaded after the page itself; who asks for one before waits (confirm.tsx). */
export function Dialogs() {
  useEffect(dialogsMounted, []);
  return <ModalsProvider />;
}
