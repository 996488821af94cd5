"use client";
import { useState } from "react";

interface ActiveAt {
  activeLabel?: string | number | undefined;
}

interface Handlers {
  onMouseDown: (state: ActiveAt) => void;
  onMouseMove: (state: ActiveAt) => void;
  onMouseUp: () => void;
  onMouseLeave: () => void;
}

/** Dragging over a chart chooses a range of x. `drag`: the range while it is being drawn. */
export function useDragZoom(onZoom: ((range: [number, number] | null) => void) | undefined): { drag: [number, number] | null; handlers: Partial<Handlers> } {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  if (!onZoom) return { drag: null, handlers: {} };
  const at = (state: ActiveAt) => (state.activeLabel === undefined ? null : Number(state.activeLabel));
  const handlers: Handlers = {
    onMouseDown: (state) => {
      const x = at(state);
      if (x !== null) setDrag([x, x]);
    },
    onMouseMove: (state) => {
      const x = at(state);
      if (drag && x !== null && x !== drag[1]) setDrag([drag[0], x]);
    },
    onMouseUp: () => {
      if (drag && drag[0] !== drag[1]) onZoom([Math.min(...drag), Math.max(...drag)]);
      setDrag(null);
    },
    onMouseLeave: () => setDrag(null),
  };
  return { drag, handlers };
}
