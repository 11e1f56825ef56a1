import { describe, expect, it } from "vitest";
import { ago, bar, clock, duration } from "./format.ts";
import { table } from "./table.ts";

describe("terminal formats", () => {
  it.each([
    [0, "0:00"],
    [72, "1:12"],
    [3723, "1:02:03"],
    [null, "–"],
  ])("writes %s s as the clock %s", (seconds, text) => expect(clock(seconds)).toBe(text));
  it.each([
    [0, "0 s"],
    [48, "48 s"],
    [200, "3 min 20 s"],
    [180, "3 min"],
    [4320, "1 h 12 min"],
    [187_200, "2 d 4 h"],
  ])("writes %i s as %s", (seconds, text) => expect(duration(seconds)).toBe(text));
  it("tells how long ago", () => {
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:02:00Z"))).toBe("2 min ago");
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:00:01Z"))).toBe("now");
  });
  it("fills a bar in proportion and stays within it", () => {
    expect([bar(0, 4), bar(0.5, 4), bar(2, 4)]).toEqual(["░░░░", "██░░", "████"]);
  });
  it("aligns tables", () => {
    expect(
      table(
        [{ title: "method" }, { title: "ReLUs", align: "right" }],
        [
          ["senet", "7,372"],
          ["ar", "73,728"],
        ],
      ),
    ).toBe("method   ReLUs\nsenet    7,372\nar      73,728");
  });
});
