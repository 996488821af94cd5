import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BUNDLES, type Bundle, buildBundle } from "./build/bundles.ts";
import { fingerprint, isFresh, setStamp } from "./build/fingerprint.ts";
import { buildPages, PAGE_SOURCES, PAGES_STAMP, pagesExist } from "./build/pages.ts";
import { ROOT } from "./root.ts";
import { report, say, since, takeNoMore, timed } from "./say.ts";

/** Bring the named bundles up to date. @returns those that had to be built. */
export async function ensureBundles(names: readonly Bundle["name"][], force = false): Promise<string[]> {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const stale = BUNDLES.filter(({ name }) => names.includes(name))
    .map((bundle) => ({ bundle, stamp: join(ROOT, "dist", `.${bundle.name}`), print: fingerprint([...bundle.sources, "scripts/build"]) }))
    .filter(({ stamp, print }) => force || !isFresh(stamp, print));
  await Promise.all(
    stale.map(async ({ bundle, stamp, print }) => {
      await buildBundle(bundle);
      setStamp(stamp, print);
    }),
  );
  if (stale.length > 0) await (await import("esbuild")).stop(); // its helper process would stay as long as we do
  return stale.map(({ bundle }) => bundle.name);
}

/** Bring the pages up to date. @returns whether they had to be built. */
export async function ensurePages(force = false): Promise<boolean> {
  const print = fingerprint(PAGE_SOURCES);
  if (!force && pagesExist() && isFresh(PAGES_STAMP, print)) return false;
  await timed("building the pages (half a minute, only after changes)", "pages built", buildPages);
  setStamp(PAGES_STAMP, print);
  return true;
}

/** Everything that `./drover up` runs. What has not changed is not built again. */
export async function ensureBuilt(force = false): Promise<boolean> {
  const start = performance.now();
  const bundles = await ensureBundles(["server", "worker", "agent", "cli"], force);
  if (bundles.length > 0) say.done(`${bundles.join(", ")} bundled (${since(start)})`);
  return (await ensurePages(force)) || bundles.length > 0;
}

/** `./drover build [server|worker|agent|cli…] [--force]` */
export async function main(args: string[]): Promise<void> {
  const force = args.includes("--force");
  const isName = (word: string): word is Bundle["name"] => BUNDLES.some(({ name }) => name === word);
  takeNoMore(args.filter((word) => word !== "--force" && !isName(word)), `./drover build [${BUNDLES.map(({ name }) => name).join("|")}…] [--force]`);
  const only = args.filter(isName);
  const built = only.length > 0 ? (await ensureBundles(only, force)).length > 0 : await ensureBuilt(force);
  if (!built) say.done("everything is up to date");
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    report(error);
    process.exit(1);
  });
}
