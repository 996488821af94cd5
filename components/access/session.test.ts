import { afterEach, expect, it, vi } from "vitest";
import { signOut } from "./session.ts";

afterEach(() => vi.unstubAllGlobals());

it("signing out leaves the page only when the server has ended the session", async () => {
  const assign = vi.fn();
  vi.stubGlobal("window", { location: { assign } });
  for (const answer of [new Response("", { status: 500 }), null]) {
    vi.stubGlobal("fetch", async () => answer ?? Promise.reject(new TypeError("fetch failed")));
    await expect(signOut()).rejects.toThrow(/server/);
  }
  expect(assign).not.toHaveBeenCalled();
  vi.stubGlobal("fetch", async () => new Response("{}"));
  await signOut();
  expect(assign).toHaveBeenCalledWith("/sign-in");
});
