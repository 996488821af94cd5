import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { meteredRun } from "./metered-run.ts";

const HOUR = 60 * 60_000;

test("billing says who pays for an account's jobs from outside, and for one of its users; the page leads on to what they cost", async ({ make, org, as }) => {
  await make.prices(org, "1.50", "0");
  const begun = new Date(Date.now() - 3 * 24 * HOUR);
  const { node } = await meteredRun(make, org, begun, new Date(begun.getTime() + HOUR));
  await make.outsideJob(node, { job: "41", user: "eve", account: "physics" }, begun);
  await make.outsideJob(node, { job: "42", user: "mal", account: "physics" }, begun);
  await make.outsideJob(node, { job: "43", user: "eve", account: "" }, begun);
  const page = await as("billing");
  await page.goto(paths.outside(org.slug));
  const row = (name: RegExp) => page.getByRole("row", { name });
  await expect(row(/^physics.*Oslo.*2.*nobody of Drover/)).toBeVisible();
  await expect(row(/^No account/)).toBeVisible();
  const choose = async (of: string, project: RegExp | string) => {
    await page.getByRole("button", { name: `Say who pays for ${of}`, exact: true }).click();
    const dialog = page.getByRole("dialog", { name: `Who pays for ${of}` });
    await dialog.getByRole("combobox", { name: "Project" }).click();
    await page.getByRole("option", { name: project }).click();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Save" }).click();
  };
  await choose("physics", org.project.name);
  await expect(row(new RegExp(`^physics.*Default / ${org.project.name}`))).toBeVisible();
  await expect(row(new RegExp(`^mal.*as its account: ${org.project.name}`))).toBeVisible();
  await choose("mal of physics", org.project.name);
  await expect(row(new RegExp(`^mal.*Default / ${org.project.name}.*Pat billing`))).toBeVisible();
  await choose("mal of physics", "As its account");
  await expect(row(/^mal.*as its account/)).toBeVisible();

  await page.getByRole("link", { name: "Its costs: eve of no account" }).click();
  await expect(page.getByRole("navigation", { name: "Narrowed to" })).toContainText("eve (outside Drover)");
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("table", { name: "Cost by team" }).getByRole("row", { name: /^Outside Drover \(account physics\).*\$1\.50/ })).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 60_000 }); // a worker rates them
  await expect(page.getByText(/Data complete to/).first()).toBeVisible();
  await page.getByRole("link", { name: "Outside Drover (account physics)" }).click();
  await expect(page.getByText("$1.50from", { exact: false })).toBeVisible();
  await expect(page.getByRole("table", { name: "Dearest runs" })).toHaveCount(0);

  const viewer = await as("viewer");
  await viewer.goto(paths.outside(org.slug));
  await expect(viewer.getByRole("button", { name: "Say who pays for physics", exact: true })).toHaveAttribute("data-disabled");
});
