"use client";
import { Notifications } from "@mantine/notifications";

/** Where notices appear; its code comes after the page. */
export function Notices() {
  return <Notifications position="bottom-right" limit={4} autoClose={5000} containerWidth={380} />;
}
