import { describe, expect, it } from "vitest";
import { freshRises, isSameRise, riseTitle, type RiseNotice } from "./rise-notice.ts";

const rise = (from: string, to: string, key = "prj_1") => ({ key, from, to });

describe("what rose", () => {
  it("is told once: not again when it goes on, when its begin is no longer watched, or after a day of rest", () => {
    const told = [rise("2026-11-10", "2026-11-11")];
    for (const same of [rise("2026-11-10", "2026-11-11"), rise("2026-11-10", "2026-11-20"), rise("2026-11-12", "2026-11-20"), rise("2026-11-13", "2026-11-13")]) expect(freshRises([same], told, 0), same.from).toEqual([]);
    expect(freshRises([rise("2026-11-14", "2026-11-14")], told, 0)).toHaveLength(1);
    expect(freshRises([rise("2026-11-10", "2026-11-11", "prj_2")], told, 0)).toHaveLength(1);
    expect(isSameRise(rise("2026-11-01", "2026-11-07"), rise("2026-11-10", "2026-11-11"))).toBe(false);
  });

  it("is no news where it was over before somebody asked, and is where it goes on after", () => {
    const asked = Date.parse("2026-11-12T10:00:00Z");
    expect(freshRises([rise("2026-11-10", "2026-11-11")], [], asked)).toEqual([]);
    expect(freshRises([rise("2026-11-10", "2026-11-12")], [], asked)).toHaveLength(1);
  });

  it("says by how much, and that there is no ratio to nothing, also after it was stored", () => {
    const notice: RiseNotice = { ...rise("2026-11-10", "2026-11-11"), label: "vision", isOpen: true, amount: "300", extra: "200", causes: [], currency: "USD", worst: { day: "2026-11-11", amount: "320", usual: "100", ratio: 3.2 } };
    expect(riseTitle(notice)).toBe("vision cost $320.00 on 11 Nov 2026, 3.2 × its usual $100.00");
    const stored = JSON.parse(JSON.stringify({ ...notice, worst: { ...notice.worst, usual: "0.000", ratio: Number.POSITIVE_INFINITY } })) as RiseNotice;
    expect(riseTitle(stored)).toBe("vision cost $320.00 on 11 Nov 2026, where it usually costs nothing");
  });
});
