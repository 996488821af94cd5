"use client";
import { type SelectProps, Skeleton } from "@mantine/core";
import { type ComponentType, lazy, Suspense } from "react";

const Select = lazy(() => import("./select.tsx").then((module) => ({ default: module.Select as ComponentType<SelectProps> })));

/** A choice from many. Its list is loaded after the page; its place is kept. `w`: width in px. */
export function LateSelect({ w, ...props }: SelectProps & { w: number }) {
  return (
    <Suspense fallback={<Skeleton width={w} height={32} radius="sm" />}>
      <Select w={w} {...props} />
    </Suspense>
  );
}
