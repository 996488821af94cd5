interface Told {
  label: string;
  /**
   * Which sums know it: every one, by its project; those of who held what; those of what was held; or only those of runs, or of the
   * charges that have one of it, in which what nobody held is not.
   */
  of: "project" | "holder" | "asset" | "run" | "facet";
  /** Offered as the next one, once something wider is settled. */
  isNext?: true;
}
/**
 * What spend is told apart by, and narrowed to: from the widest to the narrowest, as menus and the way back have it. Addresses, inputs
 * and queries follow this list. No zod here, so that a page that only names them stays small.
 */
const TOLD = {
  team: { label: "Team", of: "project" },
  project: { label: "Project", of: "project", isNext: true },
  experiment: { label: "Experiment", of: "holder", isNext: true },
  sweep: { label: "Sweep", of: "facet" },
  endpoint: { label: "Endpoint", of: "facet" },
  release: { label: "Release", of: "facet" },
  pipeline: { label: "Pipeline", of: "facet" },
  person: { label: "Person", of: "holder", isNext: true },
  kind: { label: "Resource", of: "asset", isNext: true },
  cluster: { label: "Cluster", of: "asset", isNext: true },
  class: { label: "Class", of: "asset", isNext: true },
  source: { label: "Source", of: "holder" },
  outcome: { label: "Outcome", of: "run", isNext: true },
  tag: { label: "Tag", of: "run" },
} as const satisfies Record<string, Told>;

export type SpendBy = keyof typeof TOLD;
type Of<Sums extends Told["of"]> = { [By in SpendBy]: (typeof TOLD)[By]["of"] extends Sums ? By : never }[SpendBy];
/** Of what not every charge has: a choice only where some do. */
export type Facet = Of<"facet">;
export type SomeBy = Of<"run" | "facet">;
/** What days of costs say of themselves. */
export type DayBy = Exclude<SpendBy, SomeBy>;
/** Narrowed by the key of a group. Not so a project, which has its slug in addresses, and a tag, which has a key as well. */
export type KeyedBy = Exclude<SpendBy, "project" | "tag">;

const told = Object.entries(TOLD) as [SpendBy, Told][];
const only = <By extends SpendBy>(which: (by: SpendBy, one: Told) => boolean) => told.flatMap(([by, one]) => (which(by, one) ? [by as By] : []));
export const SPEND_BY = only(() => true);
export const KEYED_BY = only<KeyedBy>((by) => by !== "project" && by !== "tag");
export const DAY_FILTERS = only<Exclude<DayBy, "project">>((by, { of }) => of !== "run" && of !== "facet" && by !== "project");
export const FACETS = only<Facet>((_by, { of }) => of === "facet") as [Facet, ...Facet[]];
export const isFacet = (by: SpendBy): by is Facet => TOLD[by].of === "facet";
export const NEXT_BY = only((_by, { isNext }) => isNext === true);
export const BY_RUN: ReadonlySet<SpendBy> = new Set(only((_by, { of }) => of === "run"));
export const BY_ASSET: ReadonlySet<SpendBy> = new Set(only((_by, { of }) => of === "asset"));
/** Whatever is asked for, a sum knows it already. */
export const BY_PROJECT: ReadonlySet<SpendBy> = new Set(only((_by, { of }) => of === "project"));
export const SPEND_BY_LABEL = Object.fromEntries(told.map(([by, { label }]) => [by, label])) as Record<SpendBy, string>;

/** Key of the runs that do not have the tag. Values begin with another sign. */
export const WITHOUT_TAG = "~";
/** What MLflow's clients say of a run on their own is told apart run by run: most of it is different for each. */
export const isSummedTag = (key: string): boolean => !key.startsWith("mlflow.");
/** Key of what is beyond the groups that are shown one by one. */
export const OTHERS = "others";
