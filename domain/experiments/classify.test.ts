import { describe, expect, it } from "vitest";
import { classifyExit, type ExitSeen } from "./classify.ts";
import { decideRetry, retryDelaySeconds } from "./retry-policy.ts";

const exit = (over: Partial<ExitSeen>): ExitSeen => ({ code: 1, signal: null, cause: "exited", detail: "", lastLines: ["boom"], peakMemoryMib: 12, ...over });
const ASKED = { stopReason: null, memoryMib: 512, maxDurationSeconds: 60 };

describe("classifyExit", () => {
  it.each([
    { says: "exit code 0 is a success", seen: exit({ code: 0 }), asked: ASKED, outcome: "succeeded", failureClass: null },
    { says: "another exit code is the user's", seen: exit({ code: 3 }), asked: ASKED, outcome: "failed", failureClass: "user_code", message: "3" },
    { says: "a signal from elsewhere is the user's", seen: exit({ code: null, signal: "SIGSEGV" }), asked: ASKED, outcome: "failed", failureClass: "user_code", message: "SIGSEGV" },
    { says: "137 by the memory limit is oom", seen: exit({ code: 137, signal: "SIGKILL", cause: "oom" }), asked: ASKED, outcome: "failed", failureClass: "oom", message: "512" },
    { says: "137 without the limit is not oom", seen: exit({ code: 137 }), asked: ASKED, outcome: "failed", failureClass: "user_code" },
    { says: "the maximum duration is a timeout", seen: exit({ cause: "timeout", code: null, signal: "SIGTERM" }), asked: ASKED, outcome: "failed", failureClass: "timeout", message: "60" },
    { says: "stopped because cancelled is cancelled", seen: exit({ cause: "stopped" }), asked: { ...ASKED, stopReason: "cancelled" }, outcome: "cancelled", failureClass: "cancelled" },
    { says: "stopped to make room is preempted", seen: exit({ cause: "stopped" }), asked: { ...ASKED, stopReason: "preempted" }, outcome: "failed", failureClass: "preempted" },
    { says: "stopped on its machine is preempted", seen: exit({ cause: "stopped" }), asked: ASKED, outcome: "failed", failureClass: "preempted" },
    { says: "a lost wrapper is the platform's", seen: exit({ cause: "wrapper_lost", code: null }), asked: ASKED, outcome: "failed", failureClass: "platform" },
    { says: "a reboot is the hardware's", seen: exit({ cause: "host_rebooted", code: null }), asked: ASKED, outcome: "failed", failureClass: "hardware" },
    { says: "too few free GPUs are the capacity's", seen: exit({ cause: "capacity", detail: "resources.gpus: it needs 2 GPUs; 1 are free and working here." }), asked: ASKED, outcome: "failed", failureClass: "capacity", message: "it needs 2 GPUs" },
    { says: "too few free GPUs where it was to be cancelled end it as cancelled", seen: exit({ cause: "capacity", detail: "resources.gpus" }), asked: { ...ASKED, stopReason: "cancelled" }, outcome: "cancelled", failureClass: "cancelled", message: "resources.gpus" },
    { says: "preempted by its scheduler where it was to be cancelled is cancelled", seen: exit({ cause: "preempted", code: null }), asked: { ...ASKED, stopReason: "cancelled" }, outcome: "cancelled", failureClass: "cancelled" },
    { says: "a failed set-up is the config's, in the agent's words", seen: exit({ cause: "setup_failed", detail: "git: no such ref" }), asked: ASKED, outcome: "failed", failureClass: "config", message: "no such ref" },
    { says: "the machine's policy is the config's", seen: exit({ cause: "policy", detail: "At most 2 GPUs." }), asked: ASKED, outcome: "failed", failureClass: "config", message: "2 GPUs" },
    { says: "a success that beat the cancel is a success", seen: exit({ code: 0 }), asked: { ...ASKED, stopReason: "cancelled" }, outcome: "succeeded", failureClass: null },
  ])("$says", ({ seen, asked, outcome, failureClass, message }) => {
    const verdict = classifyExit(seen, asked);
    expect(verdict).toMatchObject({ outcome, failureClass, evidence: { lastLines: ["boom"], limitMemoryMib: 512 } });
    if (message) expect(verdict.message).toContain(message);
  });
});

describe("decideRetry", () => {
  it("tries again only for classes of the policy and while retries are left, ever later up to ten minutes", () => {
    const policy = { max: 3, on: ["oom" as const] };
    expect(decideRetry("oom", policy, 0)).toEqual({ again: true, delaySeconds: 10 });
    expect(decideRetry("oom", policy, 2)).toEqual({ again: true, delaySeconds: 40 });
    expect(decideRetry("oom", policy, 3)).toMatchObject({ again: false });
    expect(decideRetry("user_code", policy, 0)).toMatchObject({ again: false });
    expect(decideRetry("cancelled", { max: 3, on: ["cancelled"] }, 0)).toMatchObject({ again: false });
    expect(retryDelaySeconds(50)).toBe(600);
  });
});
