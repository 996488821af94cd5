import fc from "fast-check";
import { expect, it } from "vitest";
import { eventsNear, placeEvents } from "./event-labels.ts";

const event = (x: number, label = "attempt 1") => ({ x, label });

it("draws what lies on the axis, in order, labels turned inwards near its right edge", () => {
  expect(placeEvents([event(90), event(10), event(-1), event(101)], [0, 100])).toEqual([{ ...event(10), side: "insideTopLeft" }, { ...event(90), side: "insideTopRight" }]);
});
it("keeps the line but not the label of an event close behind another", () => {
  expect(placeEvents([event(10), event(12), event(50)], [0, 100]).map(({ side }) => side)).toEqual(["insideTopLeft", null, "insideTopLeft"]);
});
it("lays no label over another, however many events there are", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1000 })), (xs) => {
    const placed = placeEvents(xs.map((x) => event(x)), [0, 1000]);
    expect(placed).toHaveLength(xs.length);
    const spans = placed.flatMap(({ x, side }) => (side === null ? [] : [side === "insideTopLeft" ? [x, x + 200] : [x - 200, x]])).sort((a, b) => a[0]! - b[0]!);
    for (const [at, span] of spans.entries()) if (at > 0) expect(span[0]).toBeGreaterThanOrEqual(spans[at - 1]![1]!);
  }));
});
it("names the events near the pointer", () => {
  expect(eventsNear([event(10), event(11.5), event(20)], 11, 100)).toEqual([event(10), event(11.5)]);
});
