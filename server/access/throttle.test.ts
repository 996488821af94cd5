import { describe, expect, it } from "vitest";
import { createThrottle } from "./throttle.ts";

describe("guessing passwords", () => {
  const at = { ms: 0 };
  const make = () => {
    at.ms = 0;
    return createThrottle(() => at.ms);
  };
  const fail = (throttle: ReturnType<typeof make>, times: number, account: string, address: string) => {
    for (let time = 0; time < times; time++) throttle.attempt(account, address);
  };
  const refused = expect.objectContaining({ code: "limit_reached" }) as Error;

  it("stops after ten failures at one account from one address, and goes on after five minutes", () => {
    const throttle = make();
    fail(throttle, 9, "ada", "1.1.1.1");
    expect(() => throttle.attempt("ada", "1.1.1.1")).not.toThrow();
    expect(() => throttle.attempt("ada", "1.1.1.1")).toThrow(refused);
    at.ms = 5 * 60_000;
    expect(() => throttle.attempt("ada", "1.1.1.1")).not.toThrow();
  });

  it("from one address does not lock the person out elsewhere", () => {
    const throttle = make();
    fail(throttle, 10, "ada", "1.1.1.1");
    expect(() => throttle.attempt("ada", "2.2.2.2")).not.toThrow();
  });

  it("at many accounts stops by address, from many addresses by account", () => {
    const throttle = make();
    for (let person = 0; person < 60; person++) throttle.attempt(`person${person}`, "1.1.1.1");
    expect(() => throttle.attempt("somebody", "1.1.1.1")).toThrow(refused);
    for (let host = 0; host < 60; host++) throttle.attempt("ada", `3.3.3.${host}`);
    expect(() => throttle.attempt("ada", "4.4.4.4")).toThrow(refused);
  });

  it("is forgiven by getting it right", () => {
    const throttle = make();
    fail(throttle, 9, "ada", "1.1.1.1");
    throttle.attempt("ada", "1.1.1.1").succeeded();
    fail(throttle, 9, "ada", "1.1.1.1");
    expect(() => throttle.attempt("ada", "1.1.1.1")).not.toThrow();
  });

  it("counts those under way, and takes back what came to no answer", () => {
    const throttle = make();
    const underWay = Array.from({ length: 10 }, () => throttle.attempt("ada", "1.1.1.1"));
    expect(() => throttle.attempt("ada", "1.1.1.1")).toThrow(refused);
    underWay[0]!.undecided();
    expect(() => throttle.attempt("ada", "1.1.1.1")).not.toThrow();
    for (let time = 0; time < 100; time++) throttle.attempt("bob", "2.2.2.2").succeeded();
    expect(() => throttle.attempt("bob", "2.2.2.2")).not.toThrow();
  });
});
