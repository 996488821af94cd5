interface Lock {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
}

/**
 * Optional packages that the lockfile names and does not hold. `npm install` skips what a mirror lacks and writes such a
 * lockfile; `npm ci` then refuses it, and on the platform in question something is missing.
 */
export function lockGaps({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { version, optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isHeld(packages, path, name))
      .map((name) => `${name} (needed by ${path || "this package"}${version ? `@${version}` : ""})`),
  );
}

/** Node's own search: beside the package that asks, then one folder up, and so on. */
function isHeld(packages: Lock["packages"], from: string, name: string): boolean {
  for (let path = from; ; ) {
    if (packages[`${path ? `${path}/` : ""}node_modules/${name}`]) return true;
    if (!path) return false;
    const parent = path.lastIndexOf("/node_modules/");
    path = parent > 0 ? path.slice(0, parent) : "";
  }
}
