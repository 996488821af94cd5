import { expect, type Page } from "@playwright/test";

/** The organization and its owner that the spine's test makes from the printed link; this machine is its cluster. */
export const ENGINE_WORKS = "engine-works";
export const OWNER = { name: "Ada Lovelace", email: "ada@example.test", password: "analytical engine 1843", organization: "Engine works" };

/** The owner's own session, by the form. */
export async function signInAsOwner(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByRole("textbox", { name: "Password" }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/engine-works$/);
}
