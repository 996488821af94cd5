import { expect, test } from "vitest";
import { makeFollower } from "./live-follower.ts";
import type { LiveChange } from "./live-topics.ts";

const run = (id: string): LiveChange => ({ topic: "run", id });
function follower() {
  const told: string[][] = [];
  let refetched = 0;
  const made = makeFollower({ tell: (changes) => void told.push(changes.map(({ id }) => id)), refetchAll: () => void (refetched += 1) });
  return { ...made, told, refetched: () => refetched };
}

test("the first stream begins from the mark of the first page, and brings what changed before it", () => {
  const tab = follower();
  tab.arrived("s1.100");
  tab.arrived("s1.150"); // a part of the page that was rendered later
  expect(tab.from()).toBe("s1.100");
  tab.ready("s1.300", [run("a")], false);
  expect({ told: tab.told, refetched: tab.refetched(), from: tab.from() }).toEqual({ told: [["a"]], refetched: 0, from: "s1.300" });
});

test("a page that arrives by a click is told what was heard between its render and now", () => {
  const tab = follower();
  tab.arrived("s1.100");
  tab.ready("s1.300", [], false);
  tab.hear("s1.400", [run("before")]);
  tab.hear("s1.600", [run("meanwhile")]);
  tab.told.length = 0;
  tab.arrived("s1.500");
  expect({ told: tab.told, refetched: tab.refetched() }).toEqual({ told: [["meanwhile"]], refetched: 0 });
});

test("everything is asked for anew after a restart of the server, for a page of another server, and for one from before the stream", () => {
  const tab = follower();
  tab.arrived("s1.100");
  tab.ready("s2.50", [], true);
  expect(tab.refetched()).toBe(1);
  tab.arrived("s1.900");
  tab.arrived("s2.40");
  tab.arrived("nonsense");
  expect(tab.refetched()).toBe(4);
  tab.arrived("s2.60");
  expect({ told: tab.told.at(-1), refetched: tab.refetched() }).toEqual({ told: [], refetched: 4 });
});

test("a stream that comes back goes on from the last mark and keeps what was heard before", () => {
  const tab = follower();
  tab.arrived("s1.100");
  tab.ready("s1.300", [], false);
  tab.hear("s1.400", [run("a")]);
  expect(tab.from()).toBe("s1.400");
  tab.ready("s1.900", [run("b")], false);
  tab.told.length = 0;
  tab.arrived("s1.350");
  expect({ told: tab.told, refetched: tab.refetched() }).toEqual({ told: [["a", "b"]], refetched: 0 });
});
