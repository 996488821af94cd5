"use client";
import type { NotificationData } from "@mantine/notifications";
import { type ApiFailure, failureWords } from "./failure-words.ts";

/** What failed and the request id to quote. For mutations: `onError: notifyError("The run was not cancelled")`. */
export function notifyError(what: string): (error: unknown) => void {
  return (error) => {
    const { data } = error as ApiFailure;
    const quote = data?.requestId ? ` Request ${data.requestId.slice(0, 8)}.` : "";
    show({ title: what, message: `${failureWords(error)}${quote}`, color: "red", autoClose: 10_000, withBorder: true });
  };
}

export function notifyDone(message: string): void {
  show({ message, color: "heather", withBorder: true });
}

/** The code for it comes with the first one, or with the frame that draws them (providers/root.tsx). */
function show(notification: NotificationData): void {
  void import("@mantine/notifications").then(({ notifications }) => notifications.show({ closeButtonProps: { "aria-label": "Dismiss" }, ...notification }));
}
