import { expect, it } from "vitest";
import { NoCapacity, SetupFailed, whyNot } from "./setup-failed.ts";

it.each([
  { says: "a full disk that this agent met", error: new Error("ENOSPC: no space left on device, write"), cause: "hardware", detail: /^There is no room left in \/state on its machine: free some there/ },
  { says: "a quota that git met", error: new SetupFailed("code: git fetch failed: fatal: write error: Disk quota exceeded"), cause: "hardware", detail: /^There is no room left/ },
  { says: "a disk that broke", error: new SetupFailed("code: the archive cannot be unpacked: EIO: i/o error, write"), cause: "hardware", detail: /EIO/ },
  { says: "what was promised and is not free", error: new NoCapacity("gpus: 1 of 2 is free."), cause: "capacity", detail: /free/ },
  { says: "a mistake of the spec", error: new SetupFailed("code.subdirectory: there is no folder"), cause: "setup_failed", detail: /^code\.subdirectory/ },
])("is told as $cause for $says", ({ error, cause, detail }) => {
  expect(whyNot(error, "/state")).toEqual({ cause, detail: expect.stringMatching(detail) as string });
});
