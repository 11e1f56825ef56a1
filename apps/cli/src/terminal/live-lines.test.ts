import { expect, test } from "vitest";
import { type LiveLine, LiveLines } from "./live-lines.ts";

/** Live lines whose clock the test moves, and what it wrote. */
function setup({ isTTY }: { isTTY: boolean }) {
  let seconds = 0;
  const written: string[] = [];
  const out = { isTTY, columns: 20, rows: 24, write: (text: string) => written.push(text) > 0 };
  const live = new LiveLines(out as unknown as NodeJS.WriteStream, () => seconds * 1_000);
  const draw = (at: number, ...lines: LiveLine[]) => {
    seconds = at;
    live.draw(lines);
    return written.splice(0).join("");
  };
  return { live, draw, written };
}
const train = (step: number): LiveLine => ({ key: "train", text: `step ${step}`, share: step / 1_000 });

test("on a pipe a line appears at once, then when its percentage has changed, at most every five seconds", () => {
  const { draw } = setup({ isTTY: false });
  expect(draw(0, train(0))).toBe("step 0\n");
  expect(draw(1, train(50))).toBe("");
  expect(draw(5, train(60))).toBe("step 60\n");
  expect(draw(11, train(61))).toBe("");
  expect(draw(12, train(70))).toBe("step 70\n");
});

test("on a pipe a line that stands still shows life once a minute, and one without a share when it changes", () => {
  const { draw } = setup({ isTTY: false });
  draw(0, train(1), { key: "start", text: "starting" });
  expect(draw(59, train(2), { key: "start", text: "starting" })).toBe("");
  expect(draw(60, train(3), { key: "start", text: "starting, 60 s" })).toBe("step 3\nstarting, 60 s\n");
});

test("on a pipe each line has its own time, and one that comes back is new", () => {
  const { draw } = setup({ isTTY: false });
  expect(draw(0, train(0))).toBe("step 0\n");
  expect(draw(1, train(20), { key: "other", text: "other", share: 0 })).toBe("other\n");
  expect(draw(2, { key: "other", text: "other", share: 0.01 })).toBe("");
  expect(draw(3, train(40))).toBe("step 40\n");
});

test("a terminal's lines are redrawn in place, cut to its width, and removed", () => {
  const { live, draw, written } = setup({ isTTY: true });
  expect(draw(0, train(0), { key: "long", text: "x".repeat(30) })).toBe(`step 0\n${"x".repeat(19)}\n`);
  expect(draw(0.5, train(5))).toBe("\u001b[2A\u001b[Jstep 5\n");
  live.clear();
  expect(written.join("")).toBe("\u001b[1A\u001b[J");
});
