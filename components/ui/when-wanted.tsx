"use client";
import { type ComponentType, lazy, Suspense, useEffect, useRef, useState } from "react";

/**
 * A dialog or drawer whose code comes when it is first wanted: a page need not load what most visits never open.
 * It stays mounted from then on, so that it can close with its movement.
 */
export function whenWanted<Props extends object>(isWanted: (props: Props) => boolean, load: () => Promise<ComponentType<Props>>): (props: Props) => React.ReactNode {
  const Loaded = lazy(() => load().then((component) => ({ default: component })));
  return function WhenWanted(props: Props) {
    const [everWanted, setWanted] = useState(false);
    const wanted = isWanted(props);
    if (wanted && !everWanted) setWanted(true);
    useFocusBack(wanted);
    return everWanted || wanted ? <Suspense fallback={null}><Loaded {...props} /></Suspense> : null;
  };
}

/** A dialog that is open as it mounts cannot know what had the focus before it: it would leave the first who closes it nowhere. */
function useFocusBack(wanted: boolean): void {
  const before = useRef<{ first: boolean; had: HTMLElement | null }>({ first: true, had: null });
  useEffect(() => {
    const { first, had } = before.current;
    if (wanted && first) before.current = { first: false, had: document.activeElement as HTMLElement | null };
    else if (!wanted && had) {
      before.current = { first: false, had: null }; // from now on it knows by itself
      had.focus({ preventScroll: true });
    }
  }, [wanted]);
}
