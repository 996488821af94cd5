"use client";
import { Skeleton } from "@mantine/core";
import type { DatePickerInputProps } from "@mantine/dates";
import { type ComponentType, lazy, Suspense } from "react";

const DatePickerInput = lazy(() => import("@mantine/dates").then((module) => ({ default: module.DatePickerInput as ComponentType<DatePickerInputProps> })));

/** A day to choose. The calendar is loaded after the page; its place is kept. `w`: width in px. */
export function DayPicker({ w, ...props }: DatePickerInputProps & { w: number }) {
  return (
    <Suspense fallback={<Skeleton width={w} height={32} radius="sm" />}>
      <DatePickerInput w={w} {...props} />
    </Suspense>
  );
}
