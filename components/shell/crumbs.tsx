"use client";
import { createContext, useContext, useEffect, useState } from "react";

export interface Crumb {
  label: string;
  href?: string;
}

const CrumbsContext = createContext<{ crumbs: Crumb[]; publish: (crumbs: Crumb[]) => void }>({ crumbs: [], publish: () => {} });

/** Pages say where they are; the top bar shows it. */
export function CrumbsProvider({ children }: { children: React.ReactNode }) {
  const [crumbs, publish] = useState<Crumb[]>([]);
  return <CrumbsContext.Provider value={{ crumbs, publish }}>{children}</CrumbsContext.Provider>;
}

export const useCrumbs = () => useContext(CrumbsContext).crumbs;

/** Rendered by PageHeader. */
export function PublishCrumbs({ crumbs }: { crumbs: Crumb[] }) {
  const { publish } = useContext(CrumbsContext);
  const key = JSON.stringify(crumbs);
  useEffect(() => {
    publish(JSON.parse(key) as Crumb[]);
    return () => publish([]);
  }, [key, publish]);
  return null;
}
