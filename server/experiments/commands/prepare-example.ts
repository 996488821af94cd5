import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { create } from "tar";
import { parseDocument } from "yaml";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { uploadCode } from "./upload-code.ts";

/** What the form can be filled with: a folder that ships with Drover and the spec in it that runs anywhere Node does. */
const EXAMPLES: Record<string, { folder: string; spec: string; title: string }> = {
  digits: { folder: resolve("examples/digits"), spec: "run-node.yaml", title: "A network learns handwritten digits, on one core in about a minute" },
};

/** Those that this installation has on its disk. */
export async function listExamples(): Promise<{ name: string; title: string }[]> {
  const found = await Promise.all(Object.entries(EXAMPLES).map(async ([name, { folder, spec, title }]) => ((await stat(join(folder, spec)).catch(() => null)) ? [{ name, title }] : [])));
  return found.flat();
}

/**
 * Keeps an example's folder as a code archive of the organization, as if the caller had uploaded it. May be repeated: the same
 * files make the same archive.
 * @returns The spec as YAML, its code the archive. @throws DomainError "not_found"
 */
export async function prepareExample(ctx: Ctx, name: string): Promise<{ yaml: string }> {
  const example = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name]! : null;
  if (!example) throw notFound();
  const { folder, spec } = example;
  const names = await readdir(folder).catch(() => {
    throw notFound();
  });
  const archive = await buffer(create({ cwd: folder, portable: true, noMtime: true }, names.toSorted()).pipe(createGzip({ level: 6 })));
  const sha256 = createHash("sha256").update(archive).digest("hex");
  const { bytes } = await uploadCode(ctx, sha256, chunks(archive));
  const document = parseDocument(await readFile(join(folder, spec), "utf8"));
  document.commentBefore = null; // it speaks of the command line
  if (document.contents) document.contents.commentBefore = null;
  document.set("code", document.createNode({ kind: "archive", sha256, bytes }));
  return { yaml: document.toString({ lineWidth: 0 }) };
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
