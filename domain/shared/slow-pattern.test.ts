import { expect, it } from "vitest";
import { isSlowPattern } from "./slow-pattern.ts";

it.each(["(a+)+$", "(a*)*b", "(\\w+\\s?)*:", "((ab)+c)+", "(?:x{2,})+", "(a|b*)+", "([a-z]+)*", "(a+?)+", "((a+))*", "(a+){2,9}"])("finds the repeat within a repeat of %s", (source) => {
  expect(() => new RegExp(source)).not.toThrow();
  expect(isSlowPattern(source)).toBe(true);
});
it.each(["loss", "^val/", "a+b*c", "(loss|acc)+", "(ab)+", "(a+)", "(a+)?", "[(+*]+", "\\(a+\\)+", "a{2}", "(a{2})+", "(?<name>x)+", "layer/\\d+/.*", "(a+)b+", "(\\+)+", "(a+){3}"])("lets %s be", (source) => {
  expect(() => new RegExp(source)).not.toThrow();
  expect(isSlowPattern(source)).toBe(false);
});
