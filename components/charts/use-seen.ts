"use client";
import { useEffect, useRef, useState } from "react";

/** True once the chart came near the screen: pages with forty charts ask for and draw the few that are seen. */
export function useSeen() {
  const anchor = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (seen || !anchor.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true), { rootMargin: "300px" });
    observer.observe(anchor.current);
    return () => observer.disconnect();
  }, [seen]);
  return [anchor, seen] as const;
}
