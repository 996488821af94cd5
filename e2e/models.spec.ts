import { paths } from "../paths.ts";
import { expect, expectTooltip, test } from "./fixtures.ts";

test("an owner moves a version to a stage and gives it an alias, and the timeline says who did", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { status: "succeeded" });
  const model = await make.model(org.project, maker.name, run, "churn");
  const page = await as("owner");
  await page.goto(paths.model(org.slug, model.id));
  const versions = page.getByRole("table", { name: "Versions" });

  await versions.getByRole("button", { name: "Set alias on version 1" }).click();
  const alias = page.getByRole("dialog", { name: /^Set an alias/ });
  await alias.getByLabel("Alias").fill("latest");
  await expect(alias.getByRole("button", { name: "Set alias" })).toBeDisabled(); // a word that clients give a meaning of its own
  await alias.getByLabel("Alias").fill("challenger");
  await alias.getByRole("button", { name: "Set alias" }).click();
  await expect(versions.getByText("@challenger")).toBeVisible();

  await versions.getByRole("button", { name: "Move version 1 to a stage" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Move to Archived" }).click();
  await expect(versions.getByText("Archived")).toBeVisible();

  await page.goto(paths.modelTimeline(org.slug, model.id));
  await expect(page.getByText(/challenger/).first()).toBeVisible();
  await expect(page.getByText("Pat owner").first()).toBeVisible();
});

test("a member registers what a run left as a model, and then its next version", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { name: "train-churn", status: "succeeded" });
  await make.artifact(run, null, "out/model/MLmodel", Buffer.from("flavors: {}"), "text/plain");
  await make.artifact(run, null, "out/report.txt", Buffer.from("fine"), "text/plain");
  const page = await as("member");
  for (const version of [1, 2]) {
    await page.goto(paths.runTab(org.slug, run.id, "artifacts"));
    await page.getByRole("button", { name: "Register a model" }).click();
    const dialog = page.getByRole("dialog", { name: "Register a model from train-churn" });
    await expect(dialog.getByRole("combobox", { name: "Folder or file" }).or(dialog.getByLabel("Folder or file")).first()).toHaveValue("out/model");
    await dialog.getByLabel("Model", { exact: true }).fill(version === 1 ? "a/b" : "churn");
    if (version === 1) {
      await dialog.getByRole("button", { name: "Register version" }).click();
      await expect(dialog.getByText(/may not contain a slash/)).toBeVisible();
      await dialog.getByLabel("Model", { exact: true }).fill("churn");
    } else await expect(dialog.getByText("It becomes its next version.")).toBeVisible();
    await dialog.getByRole("button", { name: "Register version" }).click();
    await expect(page).toHaveURL(new RegExp(`/versions/${version}$`));
    await expect(page.getByRole("link", { name: "train-churn" }).first()).toBeVisible();
  }
});

test("a member may describe a model but not promote it, and reads why", async ({ make, org, as }) => {
  const maker = await make.member(org, "member");
  const run = await make.run(org.project, maker.id, { status: "succeeded" });
  const model = await make.model(org.project, maker.name, run, "churn");
  const page = await as("member");
  await page.goto(paths.modelVersion(org.slug, model.id, 1));
  const alias = page.getByRole("button", { name: "Set alias on version 1" });
  await expect(alias).toBeDisabled();
  await expectTooltip(alias, /models:promote/);
  await expect(page.getByRole("button", { name: /^Describe|^Edit description/ })).toBeEnabled();
});

test("a viewer finds a model by part of its name, and nothing to change", async ({ world, signIn }) => {
  const page = await signIn(world.viewer.id);
  await page.goto(paths.models(world.org.slug));
  await page.getByPlaceholder("Part of a name").fill("no such");
  await expect(page.getByText("No model matches")).toBeVisible();
  await page.getByPlaceholder("Part of a name").fill("digi");
  await page.getByRole("table", { name: "Models" }).getByRole("link", { name: "digits" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "digits" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete" })).toBeDisabled();
});
