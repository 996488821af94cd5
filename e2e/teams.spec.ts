import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";

test("a project is renamed, moved to another team, archived and restored, and the audit log tells it", async ({ make, org, as }) => {
  const page = await as("owner");
  const project = await make.project(org, { teamId: org.team.id, name: "Segmentation" });
  await page.goto(paths.peopleTab(org.slug, "teams"));
  await page.getByRole("button", { name: "New team" }).click();
  const dialog = page.getByRole("dialog", { name: "New team" });
  await dialog.getByLabel("Name", { exact: true }).fill("Vision");
  await dialog.getByRole("button", { name: "Create team" }).click();
  await expect(page.getByRole("heading", { name: /^Vision/ })).toBeVisible();

  const act = async (of: string, name: string) => {
    await page.getByRole("button", { name: `Change ${of}` }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await act(project.name, "Rename");
  const naming = page.getByRole("dialog", { name: `Rename ${project.name}` });
  await naming.getByLabel("Name", { exact: true }).fill("Masks");
  await naming.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("link", { name: "Masks" })).toBeVisible();

  await act("Masks", "Move to another team");
  await page.getByRole("combobox", { name: "Team", exact: true }).click();
  await page.getByRole("option", { name: "Vision" }).click();
  await page.getByRole("button", { name: "Move project" }).click();
  await expect(page.getByRole("table", { name: "Projects of Vision" }).getByText("Masks")).toBeVisible();

  await act("Masks", "Archive");
  await page.getByRole("dialog", { name: "Archive Masks?" }).getByRole("button", { name: "Archive project" }).click();
  await expect(page.getByRole("row", { name: /Masks archived/ })).toBeVisible();
  await act("Masks", "Restore");
  await expect(page.getByRole("row", { name: /Masks archived/ })).toHaveCount(0);

  await page.goto(paths.audit(org.slug));
  for (const said of ["Moved a project to another team", "Archived a project", "Restored a project"]) await expect(page.getByRole("button", { name: said })).toBeVisible();
});

test("a member finds no menu that changes teams or projects", async ({ make, org, as }) => {
  const page = await as("member");
  const project = await make.project(org, { teamId: org.team.id, name: "Segmentation" });
  await page.goto(paths.peopleTab(org.slug, "teams"));
  await expect(page.getByRole("link", { name: project.name })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Change / })).toHaveCount(0);
});
