import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar";
import { afterAll, expect, it } from "vitest";
import { packFolder } from "./pack.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-pack-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a folder with names that begin with @ is packed like any other", async () => {
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  mkdirSync(join(from, "@scope"), { recursive: true });
  mkdirSync(to);
  for (const path of ["@scope/x.py", "@top.txt", "plain.py"]) writeFileSync(join(from, path), path);
  const packed = await packFolder(from);
  await extract({ file: packed.file, cwd: to });
  packed.remove();
  expect(["@scope/x.py", "@top.txt", "plain.py"].filter((path) => existsSync(join(to, path)))).toHaveLength(3);
});
