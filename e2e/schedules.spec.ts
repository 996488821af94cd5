import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import { expect, test } from "./fixtures.ts";
import { stackUnderTest } from "./stack.ts";

interface Kept {
  to: string[];
  subject: string;
  text: string;
  files: { name: string; bytes: string }[];
}
const mailsTo = (address: string): Kept[] => {
  const { mails } = stackUnderTest();
  return readdirSync(mails).filter((name) => name.endsWith(".json")).map((name) => JSON.parse(readFileSync(join(mails, name), "utf8")) as Kept).filter(({ to }) => to.includes(address));
};

test("who looks after money schedules a report, sends it at once, and it arrives as a mail with PDF and CSV", async ({ org, as }) => {
  const page = await as("billing");
  const address = `finance@${org.slug}.test`;
  await page.goto(paths.schedules(org.slug));
  await page.getByRole("button", { name: "Schedule a report" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "Costs of the week before" }).check();
  const to = dialog.getByLabel("To", { exact: true });
  await to.fill("nobody");
  await to.press("Enter");
  await dialog.getByRole("button", { name: "Schedule report" }).click();
  await expect(dialog.getByText(/nobody: Write it as name@example.com/)).toBeVisible();
  for (let tag = 0; tag < 2; tag += 1) await to.press("Backspace"); // the wrong one, and one's own
  await to.fill(address);
  await to.press("Enter");
  await dialog.getByRole("button", { name: "Schedule report" }).click();
  const row = page.getByRole("table", { name: "Scheduled reports" }).getByRole("row").filter({ hasText: address });
  await expect(row).toContainText("The whole organization");
  await row.getByRole("button", { name: /^Change / }).click();
  await page.getByRole("menuitem", { name: "Send now" }).click();
  await page.getByRole("dialog", { name: "Send it now?" }).getByRole("button", { name: "Send now" }).click();
  await expect(page.getByRole("table", { name: "Sent" }).getByRole("row").filter({ hasText: address })).toContainText("Sent", { timeout: 30_000 });
  const [mail] = mailsTo(address);
  expect(mail!.subject).toMatch(new RegExp(`^Costs of the week from \\d+ \\w+ \\d{4}, ${org.name}: `));
  expect(mail!.text).toContain(paths.schedules(org.slug));
  expect(mail!.files.map(({ name }) => name.split(".").at(-1))).toEqual(["pdf", "csv"]);
  expect(Buffer.from(mail!.files[0]!.bytes, "base64").subarray(0, 5).toString()).toBe("%PDF-");

  await row.getByRole("button", { name: /^Change / }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  await expect(row).toContainText("paused");
  await row.getByRole("button", { name: /^Change / }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete schedule" }).click();
  await expect(page.getByText("No report is scheduled")).toBeVisible();
});
