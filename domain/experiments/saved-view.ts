import { ordered } from "../shared/ordered.ts";
/** Pages whose state can be saved under a name. */
export const VIEW_PAGES = ["runs", "compare"] as const;
export type ViewPage = (typeof VIEW_PAGES)[number];
/** Whose it is: one person's, or everybody's in its project. */
export const VIEW_SHARING = ["private", "project"] as const;
export type ViewSharing = (typeof VIEW_SHARING)[number];
/** Of a page's query string. */
export const MAX_VIEW_STATE = 16_000;

export interface SavedView {
  id: string;
  page: ViewPage;
  name: string;
  sharing: ViewSharing;
  project: { id: string; slug: string; name: string } | null;
  /** The page's query string, without the project, the view and what only a moment needs. */
  state: string;
  owner: string;
  /** The viewer's to change. */
  mine: boolean;
  /** The viewer's to delete: also others' that are shared where they manage the project. */
  removable: boolean;
  updatedAt: Date;
}

/** Parts of a URL that belong to the moment, not to the view. */
const PASSING = new Set(["project", "view", "peek", "cursor"]);

/** What a view keeps of a query string, in a fixed order: the same choices are the same state. */
export function viewState(query: string): string {
  const kept = [...new URLSearchParams(query)].filter(([name]) => !PASSING.has(name)).sort(([a], [b]) => ordered(a, b));
  return new URLSearchParams(kept).toString();
}

/** The link that shows the view. */
export function viewQuery(view: Pick<SavedView, "id" | "state" | "project">): string {
  const params = new URLSearchParams(view.state);
  if (view.project) params.set("project", view.project.slug);
  params.set("view", view.id);
  return params.toString();
}

/** Does the page still show what the view saved? */
export const isChanged = (view: Pick<SavedView, "state">, query: string): boolean => viewState(query) !== viewState(view.state);
