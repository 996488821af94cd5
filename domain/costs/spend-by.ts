/** What spend is told apart by. No zod here, so that a page that only names them stays small. */
export const SPEND_BY = ["project", "team", "person", "experiment", "cluster", "kind", "class"] as const;
/** Key of what is beyond the groups that are shown one by one. */
export const OTHERS = "others";
export type SpendBy = (typeof SPEND_BY)[number];
export const SPEND_BY_LABEL: Record<SpendBy, string> = { project: "Project", team: "Team", person: "Person", experiment: "Experiment", cluster: "Cluster", kind: "Resource", class: "Class" };
