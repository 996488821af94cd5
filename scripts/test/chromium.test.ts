import { expect, it } from "vitest";
import { isInstallable } from "./chromium.ts";

it.each([
  { says: "Debian's package", policy: "chromium:\n  Installed: (none)\n  Candidate: 156.0.8078.108-1~deb12u1\n", is: true },
  { says: "a package that only pulls the snap in", policy: "chromium:\n  Installed: (none)\n  Candidate: 2:1snap1-0ubuntu2\n", is: false },
  { says: "a name that others refer to, without a package", policy: "chromium:\n  Installed: (none)\n  Candidate: (none)\n", is: false },
  { says: "a name that apt does not know", policy: "", is: false },
])("asks apt for Chromium where it has one: $says", ({ policy, is }) => {
  expect(isInstallable(policy)).toBe(is);
});
