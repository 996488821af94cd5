import { expect, it } from "vitest";
import { forecast } from "./forecast.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { cluster, node, NOW, started, waiting } from "./testing.ts";

it("a run that may go where an equally large one ahead may not is told its own start", () => {
  const one = cluster("a", [node("n1")]);
  started(one, waiting("old", { resources: { cpus: 16 } }), { nodeNames: ["n1"] }, {}, NOW + 600_000);
  const elsewhere = waiting("elsewhere", { resources: { cpus: 8 }, spec: { constraints: { regions: ["far"] } } });
  const here = waiting("here", { resources: { cpus: 8 }, queuedAt: NOW + 1 });
  const starts = forecast({ queue: [elsewhere, here], clusters: [one], now: NOW, policy: DEFAULT_POLICY, quotas: [], shares: new Map() });
  expect(starts.get("here")).toMatchObject({ at: NOW + 600_000 });
  expect(starts.has("elsewhere")).toBe(false);
});

it("a run that waits for its quota is promised nothing by what others end", () => {
  const one = cluster("a", [node("n1", { gpus: 2 })]);
  started(one, waiting("own", { resources: { gpus: 1 } }), { nodeNames: ["n1"], accelerators: [0] });
  started(one, waiting("other", { resources: { gpus: 1 }, teamId: "team_b" }), { nodeNames: ["n1"], accelerators: [1] }, {}, NOW + 600_000);
  const quotas = [{ id: "quo_1", scope: "team" as const, scopeId: "team_a", scopeName: "vision", model: "H100", guaranteed: 0, borrow: true, limit: 1 }];
  const asked = { queue: [waiting("mine", { resources: { gpus: 1 } })], clusters: [one], now: NOW, policy: DEFAULT_POLICY, shares: new Map() };
  expect(forecast({ ...asked, quotas: [] }).get("mine")).toMatchObject({ at: NOW + 600_000 });
  expect(forecast({ ...asked, quotas }).has("mine")).toBe(false);
});
