import fc from "fast-check";
import { Parser, type ReadEntry } from "tar";
import { expect, it } from "vitest";
import { ARCHIVE_END, entryHead, entryTail, type TarEntry } from "./tar-stream.ts";

interface Read {
  path: string;
  mode: number;
  text: string;
}

/** What the tar that the server and the agents use reads back. */
async function readBack(files: (TarEntry & { text: string })[]): Promise<Read[]> {
  const parts = [...files.flatMap((file) => [...entryHead(file), Buffer.from(file.text), entryTail(file.bytes)]), ARCHIVE_END];
  const found: Read[] = [];
  const parser = new Parser({ strict: true, onReadEntry: (entry: ReadEntry) => {
    const read = { path: entry.path, mode: entry.mode ?? 0, text: "" };
    found.push(read);
    entry.on("data", (chunk: Buffer) => (read.text += chunk.toString()));
  } });
  await new Promise<void>((resolve, reject) => {
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.end(Buffer.concat(parts));
  });
  return found;
}
const file = (path: string, text: string, executable = false) => ({ path, text, executable, bytes: Buffer.byteLength(text) });

it("keeps paths, contents and the executable bit", async () => {
  expect(await readBack([file("a.py", "print(1)\n"), file("bin/run.sh", "#!/bin/sh\n", true)])).toEqual([{ path: "a.py", mode: 0o644, text: "print(1)\n" }, { path: "bin/run.sh", mode: 0o755, text: "#!/bin/sh\n" }]);
});
it("keeps names of any length and language", async () => {
  const paths = [`${"deep/".repeat(40)}file.txt`, "données/模型.bin", "a".repeat(100), "a".repeat(101)];
  expect((await readBack(paths.map((path) => file(path, "x")))).map((one) => one.path)).toEqual(paths);
});
it("keeps files of every length around a block", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 1600 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
      const read = await readBack(sizes.map((size, index) => file(`f${index}`, "y".repeat(size))));
      expect(read.map((one) => one.text.length)).toEqual(sizes);
    }),
    { numRuns: 40 },
  );
});
it("makes the same archive of the same files", () => {
  expect(entryHead(file("a", "b"))).toEqual(entryHead(file("a", "b")));
});
