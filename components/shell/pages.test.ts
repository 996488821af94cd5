import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PERMISSION_NAMES } from "../../domain/access/permissions.ts";
import { ROLE_PERMISSIONS } from "../../domain/access/roles.ts";
import { actsOf, placesOf } from "./pages.ts";

/** URLs of the pages that need no id: a folder's name in brackets is a parameter, in parentheses it is not in the URL. */
function staticPages(): string[] {
  const files = readdirSync(join(import.meta.dirname, "../../app/(console)/[org]"), { recursive: true, encoding: "utf8" });
  const folders = files.filter((file) => /(^|\/)page\.tsx$/.test(file) && !file.includes("[")).map((file) => file.split("/").slice(0, -1).filter((word) => !word.startsWith("(")));
  return folders.map((words) => ["/acme", ...words].join("/"));
}

const reached = (held: readonly string[]) => [...placesOf("acme", held), ...actsOf("acme", held)].map(({ href }) => href);

describe("cmd-k", () => {
  it("reaches every page that needs no id, each once", () => {
    expect(staticPages()).toContain("/acme/costs/budgets");
    expect(reached(PERMISSION_NAMES).sort()).toEqual(staticPages().sort());
  });

  it("leaves out what the viewer may not open", () => {
    const pages = reached([...ROLE_PERMISSIONS.viewer]);
    expect(pages).toEqual(expect.arrayContaining(["/acme/costs/budgets", "/acme/runs/compare", "/acme/people/teams", "/acme/queue/shares"]));
    for (const page of ["runs/new", "reports/new", "clusters/new", "costs/embeds", "costs/schedules", "people/invitations", "tokens/all", "settings/storage", "audit"]) expect(pages).not.toContain(`/acme/${page}`);
  });

  it("says of a page beside another where it is", () => {
    expect(placesOf("acme", PERMISSION_NAMES).find(({ href }) => href === "/acme/settings/storage")?.label).toBe("Settings › Storage");
  });
});
