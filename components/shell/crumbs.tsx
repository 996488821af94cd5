"use client";
import { createContext, startTransition, useCallback, useContext, useEffect, useState } from "react";

export interface Crumb {
  label: string;
  href?: string;
}

const CrumbsContext = createContext<Crumb[]>([]);
const PublishContext = createContext<(crumbs: Crumb[]) => void>(() => {});

/**
 * Pages say where they are; the top bar shows it. As a transition: what changes a context at once makes React draw in one piece all
 * that has not come alive below it, and the page's own requests wait for that.
 */
export function CrumbsProvider({ children }: { children: React.ReactNode }) {
  const [crumbs, setCrumbs] = useState<Crumb[]>([]);
  const publish = useCallback((next: Crumb[]) => startTransition(() => setCrumbs(next)), []);
  return <PublishContext value={publish}><CrumbsContext value={crumbs}>{children}</CrumbsContext></PublishContext>;
}

export const useCrumbs = () => useContext(CrumbsContext);

/** Rendered by PageHeader. */
export function PublishCrumbs({ crumbs }: { crumbs: Crumb[] }) {
  const publish = useContext(PublishContext);
  const key = JSON.stringify(crumbs);
  useEffect(() => {
    publish(JSON.parse(key) as Crumb[]);
    return () => publish([]);
  }, [key, publish]);
  return null;
}
