"use client";
import { Skeleton } from "@mantine/core";
import { type ComponentType, lazy, Suspense } from "react";

/** A field whose code is loaded after the page; its place is kept. `w`: width in px. */
export function lateField<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props & { w: number }> {
  const Field = lazy(async () => ({ default: (await load()) as ComponentType<Props & { w: number }> }));
  return function LateField(props) {
    return (
      <Suspense fallback={<Skeleton width={props.w} height={32} radius="sm" />}>
        <Field {...props} />
      </Suspense>
    );
  };
}
