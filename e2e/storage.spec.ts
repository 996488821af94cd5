import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

const DAY_MS = 86_400_000;

test("an owner sees what is stored, and what a rule would remove before it is saved", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const endedAt = new Date(Date.now() - 40 * DAY_MS);
  const run = await make.run(org.project, maker.id, { name: "old-run", status: "succeeded", startedAt: endedAt, endedAt });
  await make.artifact(run, null, "weights.bin", Buffer.alloc(2048, "w"), "application/octet-stream");
  const page = await as("owner");
  await page.goto(paths.settings(org.slug));
  await page.getByRole("link", { name: "Storage" }).click();
  await expect(page.getByRole("table", { name: "Files by project" }).getByRole("row").filter({ hasText: org.project.name })).toContainText("2 KiB");
  const field = page.getByLabel("Files of all runs");
  await field.fill("60");
  await expect(page.getByText("Nothing would go now.").nth(2)).toBeVisible();
  await field.fill("30");
  await expect(page.getByText("Now 1 file of 1 run would go, 2 KiB.")).toBeVisible();
  await page.getByRole("button", { name: "Save rules" }).click();
  const ask = page.getByRole("dialog", { name: "Remove by these rules?" });
  await expect(ask.getByText("Files of all runs: 1 file, 2 KiB")).toBeVisible();
  await ask.getByRole("button", { name: "Save and remove" }).click();
  await expect(page.getByText("The rules were saved.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Files of all runs")).toHaveValue("30 days");
  await page.goto(paths.audit(org.slug));
  await expect(page.getByText("Changed how long files and logs are kept").first()).toBeVisible();

  await make.event(run, { kind: "files.removed", actor: "system", message: "1 file (2 KiB) removed: by the organization's rule, files stay 30 days after a run's end." });
  await page.goto(paths.runTab(org.slug, run.id, "timeline"));
  await expect(page.getByRole("list", { name: "Timeline" }).getByText("files stay 30 days after a run's end")).toBeVisible();
});

test("a member finds the settings without storage, and a run whose files and log a rule removed says so", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { name: "emptied", status: "succeeded", startedAt: new Date(), endedAt: new Date() });
  await make.event(run, { kind: "files.removed", actor: "system", message: "3 files (9 KiB) removed: by the organization's rule, files of archived runs stay 7 days." });
  const page = await as("member");
  await page.goto(paths.settings(org.slug));
  await expect(page.getByRole("heading", { name: "Your profile" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Storage" })).toHaveCount(0);
  await page.goto(paths.runTab(org.slug, run.id, "artifacts"));
  await expect(page.getByText("The files were removed")).toBeVisible();
  await expect(page.getByText("files of archived runs stay 7 days")).toBeVisible();

  const attempt = await make.attempt(run, (await make.cluster(org)).id, { status: "ended", outcome: "succeeded", endedAt: new Date(), drainedAt: new Date() });
  await make.log(attempt.id, "epoch 1\nepoch 2\n");
  await make.emptiedLog(attempt.id);
  await make.event(run, { kind: "logs.removed", actor: "system", message: "1 log (16 B) removed: by the organization's rule, logs stay 90 days after a run's end." });
  await page.goto(paths.runTab(org.slug, run.id, "logs"));
  await expect(page.getByText("The log was removed")).toBeVisible();
  await expect(page.getByText(/logs stay 90 days after a run's end.*It had 2 lines \(16 B\)/)).toBeVisible();
});

test("a member walks through the folders of a run's files, and a colleague opens the same place", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { name: "many files", status: "succeeded", startedAt: new Date(), endedAt: new Date() });
  for (const path of ["out/model/MLmodel", "out/model/weights/a.bin", "out/model/weights/b.bin", "out/report.txt", "notes.md"]) await make.artifact(run, null, path, Buffer.from(path), "text/plain");
  const page = await as("member");
  await page.goto(paths.runTab(org.slug, run.id, "artifacts"));
  await expect(page.getByRole("button", { name: "out/model/weights/a.bin" })).toBeVisible();
  await page.getByText("Folders", { exact: true }).click();
  await expect(page.getByRole("button", { name: "out/model/weights/a.bin" })).toHaveCount(0);
  await page.getByRole("button", { name: "out/ 4 files" }).click();
  await page.getByRole("button", { name: "model/ 3 files" }).click();
  await expect(page.getByRole("button", { name: "MLmodel" })).toBeVisible();
  await page.getByRole("button", { name: "weights/ 2 files" }).click();
  await expect(page.getByRole("button", { name: "b.bin" })).toBeVisible();
  const colleague = await as("viewer");
  await colleague.goto(page.url());
  await expect(colleague.getByRole("button", { name: "b.bin" })).toBeVisible();
  await colleague.getByRole("navigation", { name: "Folder" }).getByRole("button", { name: "out" }).click();
  await expect(colleague.getByRole("button", { name: "report.txt" })).toBeVisible();
  await colleague.getByPlaceholder("Part of a path").fill("weights");
  await expect(colleague.getByRole("button", { name: /weights\/a\.bin/ })).toBeVisible(); // a search looks everywhere
});
