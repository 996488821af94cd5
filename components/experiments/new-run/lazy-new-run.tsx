"use client";
import { type ComponentProps, lazy } from "react";

// The form brings YAML and the whole schema of a spec (90 kB): the frame and the server's HTML do not wait for them.
const NewRun = lazy(() => import("./new-run-page.tsx").then((module) => ({ default: module.NewRunPage })));
const CloneRun = lazy(() => import("./new-run-page.tsx").then((module) => ({ default: module.CloneRunPage })));

// Functions around them: a server component already loads what it names lazily, and lazy twice is an error.
export function LazyNewRunPage() {
  return <NewRun />;
}

export function LazyCloneRunPage(props: ComponentProps<typeof CloneRun>) {
  return <CloneRun {...props} />;
}
