export * from "./access.ts";
export * from "./agents.ts";
export * from "./clusters.ts";
export * from "./costs.ts";
export * from "./experiments.ts";
export * from "./reports.ts";
export * from "./models.ts";
export * from "./queue.ts";
