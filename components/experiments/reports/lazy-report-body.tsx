"use client";
import { type ComponentProps, lazy } from "react";

// Markdown, YAML and the schemas of the blocks (100 kB): the frame does not wait for them.
const Body = lazy(() => import("./report-body.tsx").then((module) => ({ default: module.ReportBody })));

// A function around it: a server component already loads what it names lazily, and lazy twice is an error.
export function LazyReportBody(props: ComponentProps<typeof Body>) {
  return <Body {...props} />;
}
