import type { APIRequestContext, Page } from "@playwright/test";
import { paths } from "../paths.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

/** Eight pixels of one colour each, side by side. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAABCAIAAABsYngUAAAAHUlEQVR4nGP4z8Dwv4Hh/38GhhMMDCdOQHgMDAwAgxYJUwXfZFsAAAAASUVORK5CYII=", "base64");

/** A token of whoever is signed in, made as their own page makes it. */
const tokenOf = (page: Page, org: string, projectId: string): Promise<string> =>
  page.evaluate(async ([slug, project]) => {
    const body = JSON.stringify({ json: { name: "media", projectId: project, permissions: ["runs:read", "runs:log"], expiresInDays: 1 } });
    const answer = await fetch("/api/trpc/access.createMyToken", { method: "POST", headers: { "content-type": "application/json", "x-drover-org": slug! }, body });
    return ((await answer.json()) as { result: { data: { json: { token: string } } } }).result.data.json.token;
  }, [org, projectId]);

/** A run as MLflow's client makes it, with these files. */
async function logRun(request: APIRequestContext, root: string, token: string, files: Record<string, Buffer>): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const made = await request.post(`${root}/api/2.0/mlflow/runs/create`, { headers, data: { experiment_id: "0", run_name: "media", start_time: 1_795_000_000_000 } });
  const { run } = (await made.json()) as { run: { info: { run_id: string; artifact_uri: string } } };
  const folder = run.info.artifact_uri.replace("mlflow-artifacts:/", "");
  for (const [path, data] of Object.entries(files)) {
    const put = await request.put(`${root}/api/2.0/mlflow-artifacts/artifacts/${folder}/${path}`, { headers: { ...headers, "content-type": "application/octet-stream" }, data });
    expect(put.status()).toBe(200);
  }
  return run.info.run_id;
}

test("the same picture, table and text of several runs stand side by side, and who has no such file says so", async ({ org, as, request }) => {
  const page = await as("member");
  await page.goto(paths.runs(org.slug));
  const token = await tokenOf(page, org.slug, org.project.id);
  const log = (files: Record<string, Buffer>) => logRun(request, `/mlflow/p/${org.project.slug}`, token, files);
  const runs = [await log({ "plot.png": PICTURE, "scores.csv": Buffer.from("label,f1\ncat,0.91\n") }), await log({ "plot.png": PICTURE, "scores.csv": Buffer.from("label,f1\ncat,0.87\n") }), await log({ "notes.txt": Buffer.from("no plot this time") })];
  await page.goto(`${paths.compare(org.slug, runs)}&show=media`);
  const shown = page.getByRole("region", { name: "plot.png" });
  const pictures = shown.getByRole("img", { name: "plot.png" });
  await expect(pictures).toHaveCount(2);
  await expect.poll(() => pictures.evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth))).toEqual([8, 8]);
  await expect(shown.getByText("This run has no such file.")).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("combobox", { name: "File" }).click();
  await page.getByRole("option", { name: "scores.csv (2 runs)" }).click();
  const tables = page.getByRole("region", { name: "scores.csv" });
  await expect(tables.getByText("0.91")).toBeVisible();
  await expect(tables.getByText("0.87")).toBeVisible();
  await page.reload();
  await expect(tables.getByText("0.91")).toBeVisible(); // a link shows a colleague the same file
});
