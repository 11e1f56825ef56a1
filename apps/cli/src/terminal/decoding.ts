import type { UnusableDataset } from "@reluctant/contracts";
import type { DataWatch } from "@reluctant/local";
import { count } from "@reluctant/plot";
import { bar, clock, duration } from "./format.ts";
import { type LiveLine, LiveLines } from "./live-lines.ts";
import { line, singleLine, type Text, yellow } from "./text.ts";

type Progress = Parameters<NonNullable<DataWatch["onProgress"]>>[0];

/**
 * Shows how far the data sets are that are met for the first time: a bar on a terminal, a line every few seconds elsewhere,
 * and nothing for what is prepared already. A line stays for each that is ready, and for each that cannot be used.
 */
export function decodingProgress(
  out: NodeJS.WriteStream,
  now?: () => number,
): Required<Pick<DataWatch, "onProgress" | "onUnusable">> {
  const live = new LiveLines(out, now);
  return {
    onProgress: (progress) => {
      if (progress.step === "ready") live.event(readyLine(progress));
      else live.draw([decodingLine(progress)]);
    },
    onUnusable: (dataset) => live.event(yellow(unusableLine(dataset))),
  };
}

export function decodingLine(progress: Progress): LiveLine {
  const { dataset, step, done, total } = progress;
  return { key: `${dataset} ${step}`, text: progressLine(progress), ...(total !== null && { share: done / total }) };
}

/** `decoding  cifar10  ███████████░░░░░  68 %  40,800/60,000 images  1,530 img/s  ETA 0:12` */
export function progressLine({ dataset, step, done, total, imagesPerSecond, etaSeconds }: Progress): Text {
  const rate = `${imagesPerSecond === null ? "–" : count(Math.round(imagesPerSecond))} img/s`;
  const what = line`${step.padEnd(8)}  ${dataset}`;
  if (total === null) return line`${what}  ${count(done)} images  ${rate}`;
  const percent = `${String(Math.floor((100 * done) / total)).padStart(3)} %`;
  const images = `${count(done)}/${count(total)} images`;
  return line`${what}  ${bar(done / total)} ${percent}  ${images}  ${rate}  ETA ${clock(etaSeconds)}`;
}

const readyLine = ({ dataset, done, seconds, broken }: Progress): Text => {
  const left = broken === undefined ? "" : `; ${count(broken)} broken ones are left out, see broken.txt in its cache`;
  return line`ready     ${dataset}  ${count(done)} images, read and decoded in ${duration(seconds)}${left}`;
};

/** `The data set cifar10 cannot be used: /data/cifar10: holds both val and test. To mend it: …`, as plain text of one line. */
export const unusableLine = ({ name, reason, fix }: UnusableDataset): string =>
  singleLine(`The data set ${name} cannot be used: ${reason}. To mend it: ${fix}`);
