"use client";
import { notifications } from "@mantine/notifications";

interface ApiError {
  message: string;
  data?: { requestId?: string | null; issues?: { field: string; message: string }[] } | null;
}

/** What failed and the request id to quote. For mutations: `onError: notifyError("The run was not cancelled")`. */
export function notifyError(what: string): (error: unknown) => void {
  return (error) => {
    const { message, data } = error as ApiError;
    const quote = data?.requestId ? ` Request ${data.requestId.slice(0, 8)}.` : "";
    notifications.show({ title: what, message: `${message}${quote}`, color: "red", autoClose: 10_000, withBorder: true });
  };
}

export function notifyDone(message: string): void {
  notifications.show({ message, color: "heather", withBorder: true });
}
