import { TRPCClientError } from "@trpc/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Api } from "./api.ts";
import { followRun } from "./follow.ts";

afterEach(() => void vi.restoreAllMocks());

const failure = (code: string, domainCode: string | null) => TRPCClientError.from({ error: { message: "It failed", code: -32603, data: { code, domainCode, issues: [], requestId: null } } });

/** A server that answers these, one after the other. */
function serverOf(...answers: (Error | object)[]): Api {
  const query = async () => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  return { config: { url: "http://drover.example" }, trpc: { experiments: { get: { query } } } } as unknown as Api;
}

describe("following a run", () => {
  it("goes on when the server fails for a moment, as while its database restarts", async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const done = { status: "succeeded", statusReason: null, attempts: [] };
    expect(await followRun(serverOf(failure("INTERNAL_SERVER_ERROR", null), done), "run_1")).toBe(0);
  });

  it("ends with a refusal, and with a server that goes on failing", async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await expect(followRun(serverOf(failure("NOT_FOUND", "not_found")), "run_1")).rejects.toThrow("It failed");
    let now = 0;
    vi.spyOn(Date, "now").mockImplementation(() => (now += 200_000));
    await expect(followRun(serverOf(failure("INTERNAL_SERVER_ERROR", null), failure("INTERNAL_SERVER_ERROR", null), failure("INTERNAL_SERVER_ERROR", null)), "run_1")).rejects.toThrow("It failed");
  });
});
