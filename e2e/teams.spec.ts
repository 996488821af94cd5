import { paths } from "../paths.ts";
import { expectAccessible, expect, test } from "./fixtures.ts";

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

test("a project's secrets are set, replaced and deleted, and never shown again", async ({ make, org, as }) => {
  const page = await as("owner");
  const project = await make.project(org, { teamId: org.team.id, name: "Segmentation" });
  await page.goto(paths.peopleTab(org.slug, "teams"));
  await page.getByRole("button", { name: `Change ${project.name}` }).click();
  await page.getByRole("menuitem", { name: "Secrets" }).click();
  const dialog = page.getByRole("dialog", { name: `Secrets of ${project.name}` });
  await expect(dialog.getByText("It has none yet.")).toBeVisible();
  const set = async (value: string) => {
    await dialog.getByLabel("Name", { exact: true }).fill("HF_TOKEN");
    await dialog.getByLabel("Value", { exact: true }).fill(value);
    await dialog.getByRole("button", { name: "Set secret" }).click();
  };
  await set("short");
  await expect(dialog.getByText("Use at least 8 characters")).toBeVisible();
  await set("hf_correct-horse");
  await expect(dialog.getByRole("row", { name: /^HF_TOKEN .* never/ })).toBeVisible();
  await set("hf_battery-staple");
  await expect(page.getByText("HF_TOKEN replaced.")).toBeVisible();
  expect(await page.content()).not.toContain("hf_battery-staple");
  await expectAccessible(page);
  const form = await page.context().newPage();
  await form.goto(paths.newRun(org.slug));
  await expect(form.locator(".cm-content")).toBeVisible(); // the browser has taken the form over
  await form.getByRole("combobox", { name: /^Project/ }).selectOption(project.slug);
  await form.getByRole("button", { name: /^Parameters, environment, secrets, tags/ }).click();
  await form.getByPlaceholder("HF_TOKEN").click();
  await form.getByRole("option", { name: "HF_TOKEN" }).click();
  await expect(form.locator(".cm-content")).toContainText("- HF_TOKEN");
  await form.close();
  await dialog.getByRole("button", { name: "Delete HF_TOKEN" }).click();
  await page.getByRole("dialog", { name: "Delete HF_TOKEN?" }).getByRole("button", { name: "Delete secret" }).click();
  await expect(dialog.getByText("It has none yet.")).toBeVisible();
});

test("a member finds no menu that changes teams or projects", async ({ make, org, as }) => {
  const page = await as("member");
  const project = await make.project(org, { teamId: org.team.id, name: "Segmentation" });
  await page.goto(paths.peopleTab(org.slug, "teams"));
  await expect(page.getByRole("link", { name: project.name })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Change / })).toHaveCount(0);
});

test("of more teams than a page shows, the others load on demand and are found by their name or a project's", async ({ make, org, as }) => {
  for (let at = 0; at < 55; at += 1) await make.team(org, { name: `Crowd ${String(at).padStart(2, "0")}` });
  const last = await make.team(org, { name: "Zeta" });
  await make.project(org, { teamId: last.id, name: "Needle" });
  const page = await as("owner");
  await page.goto(paths.peopleTab(org.slug, "teams"));
  await expect(page.getByRole("heading", { name: /^Crowd 00/ })).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Zeta/ })).toHaveCount(0);
  await expect(async () => { // what is typed before the browser has taken the page over is lost
    await page.getByPlaceholder("Team or project").fill("needle");
    await expect(page.getByRole("heading", { name: /^Zeta/ })).toBeVisible({ timeout: 3000 });
  }).toPass();
  await expect(page).toHaveURL(/q=needle/);
  await expect(page.getByRole("heading", { name: /^Crowd/ })).toHaveCount(0);
  await page.getByPlaceholder("Team or project").fill("");
  await page.getByRole("button", { name: "Load more" }).click();
  await expect(page.getByRole("heading", { name: /^Zeta/ })).toBeVisible();
});
