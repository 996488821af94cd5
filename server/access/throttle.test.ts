import { describe, expect, it } from "vitest";
import { createThrottle } from "./throttle.ts";

describe("guessing passwords", () => {
  const at = { ms: 0 };
  const make = () => {
    at.ms = 0;
    return createThrottle(() => at.ms);
  };
  const fail = (throttle: ReturnType<typeof make>, times: number, account: string, address: string) => {
    for (let time = 0; time < times; time++) throttle.failed(account, address);
  };
  const refused = expect.objectContaining({ code: "limit_reached" }) as Error;

  it("stops after ten failures at one account from one address, and goes on after five minutes", () => {
    const throttle = make();
    fail(throttle, 9, "ada", "1.1.1.1");
    expect(() => throttle.check("ada", "1.1.1.1")).not.toThrow();
    fail(throttle, 1, "ada", "1.1.1.1");
    expect(() => throttle.check("ada", "1.1.1.1")).toThrow(refused);
    at.ms = 5 * 60_000;
    expect(() => throttle.check("ada", "1.1.1.1")).not.toThrow();
  });

  it("from one address does not lock the person out elsewhere", () => {
    const throttle = make();
    fail(throttle, 10, "ada", "1.1.1.1");
    expect(() => throttle.check("ada", "2.2.2.2")).not.toThrow();
  });

  it("at many accounts stops by address, from many addresses by account", () => {
    const throttle = make();
    for (let person = 0; person < 60; person++) throttle.failed(`person${person}`, "1.1.1.1");
    expect(() => throttle.check("somebody", "1.1.1.1")).toThrow(refused);
    for (let host = 0; host < 60; host++) throttle.failed("ada", `3.3.3.${host}`);
    expect(() => throttle.check("ada", "4.4.4.4")).toThrow(refused);
  });

  it("is forgiven by getting it right", () => {
    const throttle = make();
    fail(throttle, 9, "ada", "1.1.1.1");
    throttle.succeeded("ada", "1.1.1.1");
    fail(throttle, 9, "ada", "1.1.1.1");
    expect(() => throttle.check("ada", "1.1.1.1")).not.toThrow();
  });
});
