"use client";
import { type ComponentType, lazy, Suspense, useState } from "react";

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
    return everWanted || wanted ? <Suspense fallback={null}><Loaded {...props} /></Suspense> : null;
  };
}
