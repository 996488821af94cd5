import { expect, type Page } from "@playwright/test";
import { paths } from "../paths.ts";

/** The form, once the browser has taken it over: its YAML editor exists only then. What is typed before would be lost. */
export async function openNewRun(page: Page, org: string): Promise<void> {
  await page.goto(paths.newRun(org));
  await expect(page.locator(".cm-content")).toBeVisible({ timeout: 30_000 });
}

/** Fills in a command, and sees it in the YAML. */
export async function describeRun(page: Page, name: string, command: string): Promise<void> {
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("textbox", { name: /^Command/ }).fill(command);
  await expect(page.locator(".cm-content")).toContainText(name);
}
