"use client";
import { lazy } from "react";

// Printing YAML needs the schema's defaults (90 kB of script): the run's frame does not wait for it.
const SpecView = lazy(() => import("./run-spec-view.tsx").then((module) => ({ default: module.RunSpecView })));

// A function around it: a server component already loads what it names lazily, and lazy twice is an error.
export function LazyRunSpecView({ id }: { id: string }) {
  return <SpecView id={id} />;
}
