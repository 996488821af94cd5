import { expect, it } from "vitest";
import { turnWay, wayOf } from "./baseline.ts";

it("turns one metric's way and leaves what was said of others, also of one whose name ends alike", () => {
  const said = ["none:val:loss", "higher:loss"];
  expect([wayOf("val:loss", said), wayOf("loss", said), wayOf("acc", said), wayOf("grad_norm", said)]).toEqual(["none", "higher", "higher", "none"]);
  expect(turnWay("loss", said)).toEqual(["none:val:loss", "none:loss"]);
  expect(turnWay("loss", turnWay("loss", said))).toEqual(["none:val:loss", "lower:loss"]);
});
it("takes no word of a link for a way that there is none", () => {
  expect(wayOf("loss", ["sideways:loss"])).toBe("lower");
});
