import { describe, expect, it } from "vitest";
import { decodingProgress } from "./decoding.ts";

type Progress = Parameters<ReturnType<typeof decodingProgress>["onProgress"]>[0];

const decoding = (seconds: number, done = 600 * seconds): Progress => ({
  dataset: "cifar10",
  step: "decoding",
  done,
  total: 60_000,
  seconds,
  imagesPerSecond: seconds >= 0.5 ? done / seconds : null,
  etaSeconds: seconds >= 0.5 ? (60_000 - done) / (done / seconds) : null,
});

/** What a stream was sent. */
function written(
  isTTY: boolean,
  use: (shown: ReturnType<typeof decodingProgress>) => void,
  now?: () => number,
): string {
  const sent: string[] = [];
  const out = { isTTY, columns: 120, rows: 40, write: (text: string) => sent.push(text) };
  use(decodingProgress(out as unknown as NodeJS.WriteStream, now));
  return sent.join("");
}

describe("the progress of decoding", () => {
  it("is a bar with rate and time left, redrawn on a terminal, and a line that stays at its end", () => {
    const text = written(true, ({ onProgress }) => {
      onProgress({ ...decoding(0.2, 500), step: "reading", total: null });
      onProgress(decoding(10));
      onProgress({ ...decoding(100), step: "ready", seconds: 104 });
    });
    expect(text.replaceAll("\u001b[1A\u001b[J", "<up>")).toBe(
      [
        "reading   cifar10  500 images  – img/s\n",
        "<up>decoding  cifar10  ██░░░░░░░░░░░░░░  10 %  6,000/60,000 images  600 img/s  ETA 1:30\n",
        "<up>ready     cifar10  60,000 images, read and decoded in 1 min 44 s\n",
      ].join(""),
    );
  });

  it("is a line at once and every five seconds where nothing can be redrawn", () => {
    let seconds = 0;
    const text = written(
      false,
      ({ onProgress }) => {
        for (let tenth = 0; tenth <= 160; tenth++) {
          seconds = tenth / 10;
          onProgress(decoding(seconds));
        }
      },
      () => 1_000 * seconds,
    );
    expect(text.match(/[\d,]+\/60,000/g)).toEqual(["0/60,000", "3,000/60,000", "6,000/60,000", "9,000/60,000"]);
  });

  it("tells a data set that cannot be used on one plain line, with reason and fix", () => {
    const text = written(false, ({ onUnusable }) =>
      onUnusable({ name: "both", reason: "/data/both: x", fix: "keep one" }),
    );
    expect(text).toBe("The data set both cannot be used: /data/both: x. To mend it: keep one\n");
  });
});
