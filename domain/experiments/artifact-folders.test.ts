import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderOf, stepsTo } from "./artifact-folders.ts";

const files = (...paths: string[]) => paths.map((path, at) => ({ path, bytes: at + 1 }));

describe("a folder of artifacts", () => {
  it("shows its folders with all that is below them, and its own files", () => {
    const { folders, files: own } = folderOf(files("a/x", "a/b/y", "c", "d/e/f/z", "d/e/f/w"), "");
    expect(folders).toEqual([
      { name: "a/", path: "a/", files: 2, bytes: 3 },
      { name: "d/e/f/", path: "d/e/f/", files: 2, bytes: 9 }, // nothing else lies in between
    ]);
    expect(own.map(({ path }) => path)).toEqual(["c"]);
  });

  it("is looked at by its path", () => {
    const { folders, files: own } = folderOf(files("a/x", "a/b/y", "a/b/z", "ab/q"), "a/");
    expect(folders).toEqual([{ name: "b/", path: "a/b/", files: 2, bytes: 5 }]);
    expect(own.map(({ path }) => path)).toEqual(["a/x"]);
    expect(folderOf(files("a/x"), "nowhere/")).toEqual({ folders: [], files: [] });
  });

  it("loses and doubles nothing, wherever one looks (property)", () => {
    const name = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join("/")}.txt`), { maxLength: 20 }), (paths) => {
        const seen: string[] = [];
        const visit = (folder: string) => {
          const { folders, files: own } = folderOf(files(...paths), folder);
          seen.push(...own.map(({ path }) => path));
          for (const { path, files: count } of folders) {
            expect(count).toBe(paths.filter((one) => one.startsWith(path)).length);
            visit(path);
          }
        };
        visit("");
        expect(seen.toSorted()).toEqual(paths.toSorted());
      }),
    );
  });

  it("is reached step by step", () => {
    expect(stepsTo("a/b/c/")).toEqual([{ name: "a", path: "a/" }, { name: "b", path: "a/b/" }, { name: "c", path: "a/b/c/" }]);
    expect(stepsTo("")).toEqual([]);
  });
});
