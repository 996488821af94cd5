import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

const steps = Array.from({ length: 20 }, (_, at) => ({ step: at + 1, at: Date.UTC(2026, 0, 1) + at * 1000, value: 1 / (at + 1) }));

test("a member writes a report with a live chart and a table, a viewer reads it and may not comment", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { name: "sft-low-rate", status: "succeeded", startedAt: new Date(), endedAt: new Date() });
  await make.metrics(run.id, null, "loss", steps);
  const page = await as("member");
  await page.goto(paths.reports(org.slug));
  await page.getByRole("link", { name: "New report" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "New report" })).toBeVisible();
  await page.getByLabel("Title", { exact: true }).fill("Low rates");
  await page.getByLabel("Text").fill("# Verdict\n\nIt settles, <b>as bold</b> would.\n");
  await page.getByRole("button", { name: "Insert chart" }).click();
  await page.getByRole("button", { name: "Insert runs" }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview.getByRole("figure", { name: /^loss/ })).toBeVisible();
  await expect(preview.getByRole("link", { name: "sft-low-rate" })).toBeVisible();
  await expect(preview.locator("b")).toHaveCount(0); // HTML is words, not HTML
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Low rates" })).toBeVisible();
  await page.getByLabel("Comment", { exact: true }).fill("Does it hold with another seed?");
  await page.getByRole("button", { name: "Comment" }).click();
  await expect(page.getByRole("list", { name: "Comments" }).getByText("Does it hold with another seed?")).toBeVisible();

  const reader = await as("viewer");
  await reader.goto(page.url());
  await expect(reader.getByRole("link", { name: "sft-low-rate" })).toBeVisible();
  await expect(reader.getByText("Does it hold with another seed?")).toBeVisible();
  await expect(reader.getByRole("button", { name: "Comment" })).toBeDisabled();
  await expect(reader.getByRole("link", { name: "Edit" })).toHaveAttribute("aria-disabled", "true");
});

test("what somebody else saved meanwhile is not written over, and an old version can be restored", async ({ make, org, as }) => {
  const author = await make.member(org, "member", { name: "Ada Author" });
  const report = await make.report(org.project, author, "Rates", "First words.\n\n```chart\nmetrics: loss\n```\n");
  const [one, two] = [await as("member"), await as("team_lead")];
  for (const page of [one, two]) await page.goto(paths.editReport(org.slug, report.id));
  await expect(one.getByText("A chart block has no field metrics.")).toBeVisible();
  await one.getByLabel("Text").fill("Second words.");
  await one.getByRole("button", { name: "Save" }).click();
  await expect(one.getByRole("heading", { name: "Comments" })).toBeVisible();
  await expect(one.getByText("Second words.")).toBeVisible();
  await two.getByLabel("Text").fill("Other words.");
  await two.getByRole("button", { name: "Save" }).click();
  await expect(two.getByText(/saved version 2 while you edited version 1/)).toBeVisible();
  await expect(two.getByLabel("Text")).toHaveValue("Other words."); // nothing is lost

  await one.goto(paths.reportVersions(org.slug, report.id));
  await one.getByRole("table", { name: "Versions" }).getByRole("link", { name: "1" }).click();
  await expect(one.getByText("Version 1 of 2")).toBeVisible();
  await one.getByRole("button", { name: "Restore this version" }).click();
  await expect(one.getByText("First words.")).toBeVisible();
  await expect(one.getByRole("link", { name: "Versions" })).toContainText("3");
});
