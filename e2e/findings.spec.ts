import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

test("a node on which runs keep failing is named on the overview and drained from its cluster's page with the finding as the reason", async ({ make, org, as }) => {
  const owner = await make.member(org, "member", { name: "Ida" });
  const cluster = await make.cluster(org, { name: "Oslo" });
  for (const name of ["gpu01", "gpu02"]) await make.node(cluster, { name });
  const end = async (name: string, node: string, isOk: boolean) => {
    const at = new Date(Date.now() - 600_000);
    const run = await make.run(org.project, owner.id, { name, status: isOk ? "succeeded" : "failed", startedAt: at, endedAt: at });
    await make.attempt(run, cluster.id, { status: "ended", outcome: isOk ? "succeeded" : "failed", failureClass: isOk ? null : "hardware", nodeNames: [node], startedAt: at, endedAt: at, drainedAt: at });
  };
  for (let at = 0; at < 15; at += 1) await end(`good-${at}`, "gpu01", true);
  for (let at = 0; at < 4; at += 1) await end(`bad-${at}`, "gpu02", false);

  const page = await as("owner");
  await page.goto(paths.overview(org.slug));
  await expect(page.getByText("4 of 4 runs failed on gpu02 in 24 hours; on the other nodes 0 of 15.")).toBeVisible();
  await page.getByRole("link", { name: "Look at it" }).click();
  const findings = page.getByRole("region", { name: "Findings" });
  await findings.getByRole("button", { name: "Show the newest failures" }).click();
  await expect(findings.getByRole("link", { name: "bad-3" })).toBeVisible();
  await expectAccessible(page);

  const viewer = await as("viewer");
  await viewer.goto(page.url());
  await expect(viewer.getByRole("region", { name: "Findings" }).getByRole("button", { name: "Drain gpu02" })).toHaveAttribute("data-disabled");

  await findings.getByRole("button", { name: "Drain gpu02" }).click();
  const dialog = page.getByRole("dialog", { name: "Drain gpu02?" });
  await expect(dialog.getByLabel("Reason")).toHaveValue(/4 of 4 runs failed on gpu02/);
  await dialog.getByRole("button", { name: "Drain", exact: true }).click();
  await expect(findings).toHaveCount(0);
  await expect(viewer.getByRole("region", { name: "Findings" })).toHaveCount(0); // live
});

test("a rank that keeps its run waiting, and GPUs that are held and do nothing, are named on the cluster's page", async ({ make, org, as }) => {
  const owner = await make.member(org, "member", { name: "Ida" });
  const cluster = await make.cluster(org, { name: "Oslo", seenAt: new Date(Date.now() + 3_600_000) });
  for (const name of ["gpu01", "gpu02"]) await make.node(cluster, { name, gpus: 1 });
  const startedAt = new Date(Date.now() - 7_200_000);
  const run = await make.run(org.project, owner.id, { name: "slowed-down", status: "running", startedAt, input: { launcher: "torchrun", resources: { gpus: 1, nodes: 2 } } });
  const attempt = await make.attempt(run, cluster.id, { status: "running", startedAt, nodeNames: ["gpu01", "gpu02"], leaseUntil: new Date(Date.now() + 3_600_000) });
  for (const [rank, node] of ["gpu01", "gpu02"].entries()) {
    await make.metrics(run.id, attempt.id, `rank/${rank}@${node}/step_seconds`, Array.from({ length: 30 }, (_, step) => ({ step, at: startedAt.getTime(), value: rank === 1 ? 0.64 : 0.4 })));
    await make.samples(cluster.id, "accelerator", `${node}/0`, "gpu", Array.from({ length: 50 }, (_, minute) => ({ at: Date.now() - (50 - minute) * 60_000, value: rank === 0 ? 0 : 80 })));
  }
  const page = await as("owner");
  await page.goto(paths.cluster(org.slug, cluster.id));
  await expect(page.getByText(/2 of 2 accelerators held, 40 % used on average in the last hour; 1 held and idle: 1 on gpu01\./)).toBeVisible();
  await expect(page.getByRole("list", { name: "Held and idle" })).toContainText("slowed-down of Ida holds 1 and leaves it idle");
  await page.getByRole("region", { name: "Slow ranks" }).getByRole("link", { name: "slowed-down" }).click();
  await expect(page.getByText("Rank 1 on gpu02 takes 1.6 times the median step of the others.")).toBeVisible();
  await expectAccessible(page);
});
