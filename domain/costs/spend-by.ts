/** What spend is told apart by. No zod here, so that a page that only names them stays small. */
export const SPEND_BY = ["project", "team", "cluster", "kind", "class"] as const;
export type SpendBy = (typeof SPEND_BY)[number];
export const SPEND_BY_LABEL: Record<SpendBy, string> = { project: "Project", team: "Team", cluster: "Cluster", kind: "Resource", class: "Class" };
