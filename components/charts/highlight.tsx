"use client";
import { createContext, type RefObject, useContext, useMemo, useRef, useState } from "react";

interface Highlight {
  /** What stands out now. */
  id: string | null;
  set: (id: string | null) => void;
  /** The chart under the pointer: only that one says what stands out. */
  owner: RefObject<string | null>;
}

const NONE: Highlight = { id: null, set: () => {}, owner: { current: null } };
const HighlightContext = createContext<Highlight>(NONE);

export const useHighlight = () => useContext(HighlightContext);

/** The same thing stands out on all charts of a page, and in its list. */
export function HighlightProvider({ children }: { children: React.ReactNode }) {
  const [id, set] = useState<string | null>(null);
  const owner = useRef<string | null>(null);
  const value = useMemo(() => ({ id, set, owner }), [id]);
  return <HighlightContext.Provider value={value}>{children}</HighlightContext.Provider>;
}
