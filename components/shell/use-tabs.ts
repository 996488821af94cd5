import { useOrg, useViewer } from "../providers/viewer.tsx";
import { type NavTab, navGroups } from "./nav.ts";

/** The tabs of one page of the navigation, as far as the viewer may open them. */
export function useTabs(page: string): NavTab[] {
  const items = navGroups(useOrg(), useViewer().held).flatMap((group) => group.items);
  return items.find((item) => item.href === page)?.tabs ?? [];
}
