/** What spend is told apart by. No zod here, so that a page that only names them stays small. */
export const SPEND_BY = ["project", "team", "person", "experiment", "cluster", "kind", "class", "outcome", "tag"] as const;
/** Of these only runs know: what nobody held is not in them. */
export const BY_RUN: ReadonlySet<SpendBy> = new Set<SpendBy>(["outcome", "tag"]);
/** Key of the runs that do not have the tag. Values begin with another sign. */
export const WITHOUT_TAG = "~";
/** What MLflow's clients say of a run on their own is told apart run by run: most of it is different for each. */
export const isSummedTag = (key: string): boolean => !key.startsWith("mlflow.");
/** Key of what is beyond the groups that are shown one by one. */
export const OTHERS = "others";
export type SpendBy = (typeof SPEND_BY)[number];
export const SPEND_BY_LABEL: Record<SpendBy, string> = { project: "Project", team: "Team", person: "Person", experiment: "Experiment", cluster: "Cluster", kind: "Resource", class: "Class", outcome: "Outcome", tag: "Tag" };
